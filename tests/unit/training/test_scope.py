from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest

from stream_app.bundle import read_bundle
from stream_app.inference import SCOPE_OUTPUT
from tests.unit.tiny_bundle import write_tiny_bundle
from tests.unit.training.given_graph import output_of, save_given_graph
from training.neighbours import DISTANCES
from training.scope import Scope, Unseen, attach_scope, fit_scope, whiten_embedding, whitening

Matrix = npt.NDArray[np.float32]

CHANCE = np.random.default_rng(3)
CENTRES = np.array([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0]])
STRETCH = np.array([0.5, 0.5, 2.0])
TARGETS = np.arange(2_000) % 2


def rows_around(centres: npt.NDArray[np.float64]) -> Matrix:
    drawn = centres + CHANCE.normal(size=centres.shape) * STRETCH
    return np.asarray(drawn, dtype=np.float32)


def unseen_around(centres: npt.NDArray[np.float64]) -> Unseen:
    """Rows whose logits and distances to groups say nothing."""
    shape = (len(centres), 2)
    return Unseen(
        rows_around(centres),
        CHANCE.normal(size=shape).astype(np.float32),
        CHANCE.random(shape).astype(np.float32),
    )


@pytest.fixture(scope="module")
def scope() -> Scope:
    features = rows_around(CENTRES[TARGETS])
    return fit_scope(features, TARGETS, intents=2, unseen=unseen_around(CENTRES[TARGETS]))


def scored(scope: Scope, folder: Path, rows: Unseen) -> Matrix:
    """What the graph says of these rows; shape (rows,)."""
    path = folder / "given.onnx"
    save_given_graph(path, "features", "logits", DISTANCES)
    attach_scope(path, scope)
    given = {"features": rows.features, "logits": rows.logits, DISTANCES: rows.distances}
    return output_of(path, SCOPE_OUTPUT, given)


def at(points: list[list[float]]) -> Unseen:
    """Rows at these points of which neither head nor groups think anything."""
    nothing = np.zeros((len(points), 2), dtype=np.float32)
    return Unseen(np.array(points, dtype=np.float32), nothing, nothing)


def test_a_row_lies_about_a_distance_of_one_from_the_mean_of_its_intent() -> None:
    points = rows_around(CENTRES[TARGETS])
    found = points @ whitening(points, TARGETS, intents=2)
    means = np.stack([found[label == TARGETS].mean(axis=0) for label in range(2)])
    assert ((found - means[TARGETS]) ** 2).sum(axis=1).mean() == pytest.approx(1.0, abs=0.05)


def test_the_score_of_unseen_rows_has_a_mean_of_zero_and_each_opinion_weighs_the_same(
    scope: Scope, tmp_path: Path
) -> None:
    rows = unseen_around(CENTRES[TARGETS])
    assert scored(scope, tmp_path, rows).mean() == pytest.approx(0.0, abs=0.1)
    for place in range(3):
        # A spread without end leaves nothing of an opinion.
        others = np.where(np.arange(3) == place, scope.spreads, np.inf).astype(np.float32)
        alone = scored(replace(scope, spreads=others), tmp_path, rows)
        assert alone.std() == pytest.approx(1 / 3, abs=0.08)


def test_direction_counts_and_not_only_distance(scope: Scope, tmp_path: Path) -> None:
    # The first is farther away, but in the direction in which the intents spread.
    along, across = scored(scope, tmp_path, at([[4.0, 0.0, 3.0], [4.0, 2.0, 0.0]]))
    assert along > across


def test_what_all_rows_have_in_common_does_not_count_as_near(tmp_path: Path) -> None:
    """An intent in the middle of the others: to lie there says less than to lie out on one side."""
    centres = np.array([[0.0, 0.0, 0.0], [6.0, 0.0, 0.0], [-6.0, 0.0, 0.0]])
    targets = np.arange(3_000) % 3
    features = rows_around(centres[targets])
    scope = fit_scope(features, targets, intents=3, unseen=unseen_around(centres[targets]))
    middle, side = scored(scope, tmp_path, at(centres[:2].tolist()))
    assert side > middle + 0.3


def test_a_larger_logit_of_any_intent_makes_the_score_higher(scope: Scope, tmp_path: Path) -> None:
    rows = at([[4.0, 0.0, 0.0]] * 3)
    logits = np.array([[0.0, 1.0], [3.0, -9.0], [2.0, 2.0]], dtype=np.float32)
    least, most, between = scored(scope, tmp_path, rows._replace(logits=logits))
    assert least < between < most


def test_a_group_of_any_intent_that_is_near_makes_the_score_higher(
    scope: Scope, tmp_path: Path
) -> None:
    rows = at([[4.0, 0.0, 0.0]] * 3)
    distances = np.array([[0.5, 0.5], [0.1, 9.0], [0.9, 0.3]], dtype=np.float32)
    least, most, between = scored(scope, tmp_path, rows._replace(distances=distances))
    assert least < between < most


def test_directions_without_any_variance_do_not_break_it(tmp_path: Path) -> None:
    points = np.repeat(np.eye(2, 4), 5, axis=0).tolist()
    rows = at(points)
    one = Unseen(*(part[:1] for part in rows))
    scope = fit_scope(rows.features, np.arange(10) // 5, intents=2, unseen=one)
    assert np.isfinite(scored(scope, tmp_path, rows)).all()


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
