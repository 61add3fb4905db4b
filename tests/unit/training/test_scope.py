from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from stream_app.bundle import read_bundle
from stream_app.inference import SCOPE_OUTPUT
from tests.unit.tiny_bundle import write_tiny_bundle
from training.scope import Scope, attach_scope, fit_scope, whiten_embedding, whitening

Matrix = npt.NDArray[np.float32]

CHANCE = np.random.default_rng(3)
CENTRES = np.array([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0]])
STRETCH = np.array([0.5, 0.5, 2.0])
TARGETS = np.arange(2_000) % 2
NO_LOGITS = np.zeros((2_000, 2), dtype=np.float32)


def rows_around(centres: npt.NDArray[np.float64]) -> Matrix:
    drawn = centres + CHANCE.normal(size=centres.shape) * STRETCH
    return np.asarray(drawn, dtype=np.float32)


@pytest.fixture(scope="module")
def scope() -> Scope:
    return fit_scope(
        rows_around(CENTRES[TARGETS]),
        TARGETS,
        intents=2,
        unseen_features=rows_around(CENTRES[TARGETS]),
        unseen_logits=CHANCE.normal(size=(2_000, 2)).astype(np.float32),
    )


def scored(scope: Scope, folder: Path, features: Matrix, logits: Matrix) -> Matrix:
    """What the graph says of these features and logits; shape (rows,)."""
    given = [("given_features", "features"), ("given_logits", "logits")]
    graph = helper.make_graph(
        [helper.make_node("Identity", [source], [name]) for source, name in given],
        "given",
        [
            helper.make_tensor_value_info(source, TensorProto.FLOAT, ["batch", None])
            for source, _ in given
        ],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", None])
            for _, name in given
        ],
    )
    path = folder / "given.onnx"
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    attach_scope(path, scope)
    (scores,) = ort.InferenceSession(str(path)).run(
        [SCOPE_OUTPUT], {"given_features": features, "given_logits": logits}
    )
    return np.asarray(scores)


def test_a_row_lies_about_a_distance_of_one_from_the_mean_of_its_intent() -> None:
    points = rows_around(CENTRES[TARGETS])
    found = points @ whitening(points, TARGETS, intents=2)
    means = np.stack([found[label == TARGETS].mean(axis=0) for label in range(2)])
    assert ((found - means[TARGETS]) ** 2).sum(axis=1).mean() == pytest.approx(1.0, abs=0.05)


def test_the_score_of_unseen_rows_has_a_mean_of_zero_and_each_opinion_weighs_the_same(
    scope: Scope, tmp_path: Path
) -> None:
    features = rows_around(CENTRES[TARGETS])
    logits = CHANCE.normal(size=(2_000, 2)).astype(np.float32)
    scores = scored(scope, tmp_path, features, logits)
    assert scores.mean() == pytest.approx(0.0, abs=0.1)
    of_logits = scores - scored(scope, tmp_path, features, NO_LOGITS)
    assert of_logits.std() == pytest.approx(1 / 3, abs=0.03)
    for place in (0, 1):
        others = scope.spreads.copy()
        others[[1 - place, 2]] = np.inf
        alone = scored(replace(scope, spreads=others), tmp_path, features, logits)
        assert alone.std() == pytest.approx(1 / 3, abs=0.1)


def test_a_ticket_near_a_group_of_an_intent_is_nearer_than_one_in_the_gap(tmp_path: Path) -> None:
    """An intent of two separate groups, with nothing where its mean is."""
    centres = np.array([[4.0, 0.0, 0.0], [-4.0, 0.0, 0.0], [0.0, 40.0, 0.0]])
    groups = np.arange(3_000) % 3
    features, targets = rows_around(centres[groups]), groups // 2
    scope = fit_scope(
        features,
        targets,
        intents=2,
        unseen_features=rows_around(centres[groups]),
        unseen_logits=CHANCE.normal(size=(3_000, 2)).astype(np.float32),
    )
    points = np.array([[4.0, 0.0, 0.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    inside, between = scored(scope, tmp_path, points, NO_LOGITS[:2])
    assert inside > between + 1.0


def test_direction_counts_and_not_only_distance(scope: Scope, tmp_path: Path) -> None:
    # The first is farther away, but in the direction in which the intents spread.
    along_and_across = np.array([[4.0, 0.0, 3.0], [4.0, 2.0, 0.0]], dtype=np.float32)
    along, across = scored(scope, tmp_path, along_and_across, NO_LOGITS[:2])
    assert along > across


def test_what_all_rows_have_in_common_does_not_count_as_near(tmp_path: Path) -> None:
    """An intent in the middle of the others: to lie there says less than to lie out on one side."""
    centres = np.array([[0.0, 0.0, 0.0], [6.0, 0.0, 0.0], [-6.0, 0.0, 0.0]])
    targets = np.arange(3_000) % 3
    features = rows_around(centres[targets])
    scope = fit_scope(
        features,
        targets,
        intents=3,
        unseen_features=rows_around(centres[targets]),
        unseen_logits=np.zeros((3_000, 3), dtype=np.float32),
    )
    middle, side = scored(scope, tmp_path, centres[:2].astype(np.float32), NO_LOGITS[:2])
    assert side > middle + 0.1


def test_a_larger_logit_of_any_intent_makes_the_score_higher(scope: Scope, tmp_path: Path) -> None:
    features = np.repeat(rows_around(CENTRES[:1]), 3, axis=0)
    logits = np.array([[0.0, 1.0], [3.0, -9.0], [2.0, 2.0]], dtype=np.float32)
    least, most, between = scored(scope, tmp_path, features, logits)
    assert least < between < most


def test_directions_without_any_variance_do_not_break_it(tmp_path: Path) -> None:
    features = np.repeat(np.eye(2, 4, dtype=np.float32), 5, axis=0)
    scope = fit_scope(
        features,
        np.arange(10) // 5,
        intents=2,
        unseen_features=features[:1],
        unseen_logits=NO_LOGITS[:1],
    )
    assert np.isfinite(scored(scope, tmp_path, features, NO_LOGITS[:10])).all()


def test_the_graph_gives_the_whitened_embedding_and_the_same_logits(tmp_path: Path) -> None:
    graph = read_bundle(write_tiny_bundle(tmp_path / "tiny")).model_path
    ids = {
        "input_ids": np.array([[1, 2, 3], [1, 1, 0]], dtype=np.int64),
        "attention_mask": np.array([[1, 1, 1], [1, 1, 0]], dtype=np.int64),
    }
    outputs = ["logits", "embedding"]
    logits, embedding = ort.InferenceSession(str(graph)).run(outputs, ids)
    factors = CHANCE.normal(size=(4, 4)).astype(np.float32)
    whiten_embedding(graph, factors)
    new_logits, new_embedding = ort.InferenceSession(str(graph)).run(outputs, ids)
    assert (new_logits == logits).all()
    assert new_embedding == pytest.approx(embedding @ factors, abs=1e-5)
