from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest

from stream_app.bundle import read_bundle
from stream_app.inference import scope_scores
from tests.unit.tiny_bundle import write_tiny_bundle
from training.scope import fit_scope, whiten_embedding

CHANCE = np.random.default_rng(3)
CENTRES = np.array([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0]])
STRETCH = np.array([0.5, 0.5, 2.0])


def rows_around(centres: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    drawn: npt.NDArray[np.float32] = (centres + CHANCE.normal(size=centres.shape) * STRETCH).astype(
        np.float32
    )
    return drawn


@pytest.fixture
def targets() -> npt.NDArray[np.intp]:
    return np.arange(2_000) % 2


def test_a_fitted_row_lies_about_a_distance_of_one_from_its_prototype(
    targets: npt.NDArray[np.intp],
) -> None:
    embedding = rows_around(CENTRES[targets])
    scope = fit_scope(embedding, targets, intents=2)
    squared = ((embedding @ scope.whitening - scope.prototypes[targets]) ** 2).sum(axis=1)
    assert squared.mean() == pytest.approx(1.0, abs=0.05)


def test_direction_counts_and_not_only_distance(targets: npt.NDArray[np.intp]) -> None:
    scope = fit_scope(rows_around(CENTRES[targets]), targets, intents=2)
    along = np.array([[4.0, 0.0, 3.0]], dtype=np.float32)
    across = np.array([[4.0, 2.0, 0.0]], dtype=np.float32)
    scores = scope_scores(np.vstack([along, across]) @ scope.whitening, scope.prototypes)
    # The first is farther away, but in the direction in which the intents spread.
    assert scores[0] > scores[1]


def test_directions_without_any_variance_do_not_break_it() -> None:
    embedding = np.repeat(np.eye(2, 4, dtype=np.float32), 5, axis=0)
    scope = fit_scope(embedding, np.arange(10) // 5, intents=2)
    assert np.isfinite(scope.whitening).all()
    assert np.isfinite(scope.prototypes).all()


def test_for_vectors_of_unit_length_the_score_is_the_cosine() -> None:
    vectors = CHANCE.normal(size=(20, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = (vectors[:15] @ vectors[15:].T).max(axis=1)
    assert scope_scores(vectors[:15], vectors[15:]) == pytest.approx(expected, abs=1e-5)


def test_the_graph_gives_the_whitened_embedding_and_the_same_logits(tmp_path: Path) -> None:
    graph = read_bundle(write_tiny_bundle(tmp_path / "tiny")).model_path
    ids = {
        "input_ids": np.array([[1, 2, 3], [1, 1, 0]], dtype=np.int64),
        "attention_mask": np.array([[1, 1, 1], [1, 1, 0]], dtype=np.int64),
    }
    outputs = ["logits", "embedding"]
    logits, embedding = ort.InferenceSession(str(graph)).run(outputs, ids)
    whitening = CHANCE.normal(size=(4, 4)).astype(np.float32)
    whiten_embedding(graph, whitening)
    new_logits, new_embedding = ort.InferenceSession(str(graph)).run(outputs, ids)
    assert (new_logits == logits).all()
    assert new_embedding == pytest.approx(embedding @ whitening, abs=1e-5)
