"""Groups of fitted tickets have a say in the answer, as much as held-out tickets bear them out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.training.given_graph import output_of, save_given_graph
from training.neighbours import (
    GROUPS_AN_INTENT,
    WEIGHTS,
    attach_neighbours,
    fit_weight,
    group_rows,
    squared_distances,
)

Matrix = npt.NDArray[np.float32]

CENTRES = np.array([[4.0, 0.0], [-4.0, 0.0], [0.0, 4.0]])
"""The first intent lies in two places, the second in the third of them."""


def rows(count: int, seed: int) -> tuple[Matrix, npt.NDArray[np.intp]]:
    chance = np.random.default_rng(seed)
    places = np.arange(count) % 3
    features = CENTRES[places] + chance.normal(size=(count, 2)) * 0.5
    return np.asarray(features, dtype=np.float32), places // 2


def test_each_place_where_an_intent_lies_has_a_group() -> None:
    features, targets = rows(600, seed=1)
    groups = group_rows(features, targets, intents=2)
    assert groups.shape == (2, GROUPS_AN_INTENT, 2)
    to_places = squared_distances(CENTRES.astype(np.float32), groups)
    assert to_places[:2, 0].max() < 0.5
    assert to_places[2, 1] < 0.5
    assert to_places[2, 0] > 4.0


def test_an_intent_of_few_or_repeated_tickets_has_a_group_for_each() -> None:
    features = np.array([[1, 0], [1, 0], [0, 1], [5, 5], [6, 6]], dtype=np.float32)
    groups = group_rows(features, np.array([0, 0, 0, 1, 1]), intents=2)
    for label, lies_at in enumerate(({(1, 0), (0, 1)}, {(5, 5), (6, 6)})):
        assert {tuple(group) for group in groups[label].round(4).tolist()} == lies_at


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 50), weight=st.sampled_from(WEIGHTS), count=st.integers(1, 5))
def test_the_graph_gives_the_heads_logits_less_the_weighted_distances(
    seed: int, weight: float, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    groups = group_rows(*rows(60, seed), intents=2)
    path = tmp_path_factory.mktemp("graph") / "given.onnx"
    save_given_graph(path, "features", "logits")
    attach_neighbours(path, groups, weight)
    features, _ = rows(count, seed + 1)
    logits = np.random.default_rng(seed).normal(size=(count, 2)).astype(np.float32)
    said = output_of(path, "logits", {"features": features, "logits": logits})
    expected = logits - weight * squared_distances(features, groups)
    np.testing.assert_allclose(said, expected, rtol=1e-4, atol=1e-3)


def test_groups_that_know_better_than_the_head_weigh_and_others_do_not() -> None:
    features, targets = rows(600, seed=1)
    groups = group_rows(features, targets, intents=2)
    unseen, truth = rows(300, seed=2)
    distances = squared_distances(unseen, groups)
    ignorant = np.random.default_rng(3).normal(size=(300, 2)).astype(np.float32)
    assert fit_weight(ignorant, distances, truth) > 0.0
    knowing = np.eye(2, dtype=np.float32)[truth] * 8.0
    meaningless = np.random.default_rng(4).random((300, 2)).astype(np.float32)
    assert fit_weight(knowing, meaningless, truth) == 0.0
