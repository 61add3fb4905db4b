"""Lets groups of fitted tickets have a say in the answer, beside the head; chooses no threshold.

The nearer a ticket lies to a group of tickets of an intent, the higher that intent's logit. It is
the prototypes of Snell et al. 2017, "Prototypical Networks for Few-shot Learning", several for an
intent and found after the fit, added to the head's logits as Khandelwal et al. 2020,
"Generalization through Memorization", add neighbours to a language model. Answers that seem sure
become right more often by it; docs/training.md says how often, and how that was found out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper
from sklearn.cluster import KMeans  # type: ignore[import-untyped]

from training.calibration import fit_temperature, negative_log_likelihood

Matrix = npt.NDArray[np.float32]
Targets = npt.NDArray[np.intp]

GROUPS_AN_INTENT = 10
"""Tickets of one intent lie in several places, and the mean of them may be in none."""

WEIGHTS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0)
"""Of a squared distance between vectors of about unit length, in logits."""

DISTANCES = "neighbours/distances"
"""Of the graph: the squared distance to the nearest group of each intent, (batch, intents)."""

_SEED = 7
_OF_THE_HEAD = "logits/head"


def group_rows(features: Matrix, targets: Targets, *, intents: int) -> Matrix:
    """The means of groups of each intent's rows, by k-means: (intents, groups, dimensions).

    `features` has shape (rows, dimensions), `targets` (rows,) label indices. An intent with fewer
    different rows has each of them for a group, the last one repeated.
    """
    groups = np.empty((intents, GROUPS_AN_INTENT, features.shape[1]), dtype=np.float32)
    for label in range(intents):
        rows = features[targets == label]
        count = min(GROUPS_AN_INTENT, len(np.unique(rows, axis=0)))
        means = KMeans(count, n_init=1, random_state=_SEED).fit(rows).cluster_centers_
        groups[label, :count], groups[label, count:] = means, means[-1]
    return groups


def squared_distances(features: Matrix, groups: Matrix) -> Matrix:
    """From each row to the nearest group of each intent: (rows, intents)."""
    others = groups.reshape(-1, groups.shape[-1])
    squared = (features**2).sum(axis=1)[:, None] + (others**2).sum(axis=1)
    to_each = (squared - 2.0 * features @ others.T).reshape(len(features), *groups.shape[:2])
    return np.asarray(to_each.min(axis=2), dtype=np.float32)


def fit_weight(logits: Matrix, distances: Matrix, targets: Targets) -> float:
    """How much the distances say beside the head, on rows that were not fitted: one of `WEIGHTS`.

    The one that makes the right answers likeliest, each with its best temperature. `logits` and
    `distances` have shape (rows, intents), `targets` (rows,).
    """

    def loss(weight: float) -> float:
        both = logits - np.float32(weight) * distances
        return negative_log_likelihood(both, targets, fit_temperature(both, targets))

    return min(WEIGHTS, key=loss)


def attach_neighbours(graph: Path, groups: Matrix, weight: float) -> None:
    """Change the logits of the graph at `graph`: less `weight` times the distances.

    It reads the graph's outputs `features` and `logits`, in float32.
    """
    model = onnx.load(graph)
    for node in model.graph.node:
        node.output[:] = [_OF_THE_HEAD if name == "logits" else name for name in node.output]
        node.input[:] = [_OF_THE_HEAD if name == "logits" else name for name in node.input]
    others = groups.reshape(-1, groups.shape[-1])
    constants: dict[str, npt.NDArray[Any]] = {
        "minus_two_groups": (-2.0 * others.T).astype(np.float32),
        "groups_squared": (others**2).sum(axis=1).astype(np.float32),
        "columns": np.array([1], dtype=np.int64),
        "by_intent": np.array([-1, *groups.shape[:2]], dtype=np.int64),
        "weight": np.array(weight, dtype=np.float32),
    }
    model.graph.initializer.extend(
        numpy_helper.from_array(value, f"neighbours/{name}") for name, value in constants.items()
    )
    model.graph.node.extend(
        helper.make_node(operator, inputs, [result], **options)
        for operator, inputs, result, options in _STEPS
    )
    onnx.checker.check_model(model)
    onnx.save(model, graph)


_STEPS: tuple[tuple[str, list[str], str, dict[str, Any]], ...] = (
    ("Mul", ["features", "features"], "neighbours/entries", {}),
    ("ReduceSum", ["neighbours/entries", "neighbours/columns"], "neighbours/length", {}),
    ("MatMul", ["features", "neighbours/minus_two_groups"], "neighbours/crossed", {}),
    ("Add", ["neighbours/crossed", "neighbours/groups_squared"], "neighbours/without_length", {}),
    ("Add", ["neighbours/without_length", "neighbours/length"], "neighbours/to_each", {}),
    ("Reshape", ["neighbours/to_each", "neighbours/by_intent"], "neighbours/to_groups", {}),
    ("ReduceMin", ["neighbours/to_groups"], DISTANCES, {"axes": [2], "keepdims": 0}),
    ("Mul", [DISTANCES, "neighbours/weight"], "neighbours/said", {}),
    ("Sub", [_OF_THE_HEAD, "neighbours/said"], "logits", {}),
)
