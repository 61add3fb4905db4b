"""Learns where the known intents lie, so that serving can tell how far from them a ticket is.

Three opinions are added up: how much nearer a ticket is to an intent than to tickets as such (the
relative Mahalanobis distance: Ren et al. 2021, "A Simple Fix to Mahalanobis Distance for Improving
Near-OOD Detection"), how near it is to any group of tickets that was fitted, and the largest logit
(Hendrycks et al. 2022, "Scaling Out-of-Distribution Detection for Real-World Settings"). On
Banking77 each of them alone takes more unknown tickets for known ones. They become a part of the
graph. Chooses no threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from stream_app.inference import SCOPE_OUTPUT
from training.neighbours import DISTANCES

Matrix = npt.NDArray[np.float32]
Targets = npt.NDArray[np.intp]

SHRINKAGE = 0.01
"""Share of the mean variance that is added to every direction: fine-tuning leaves some directions
without any, and a few hundred rows say little of the small ones."""

_LEAST_SPREAD = 1e-6
"""Of an opinion over the held-out rows: a few rows may all get the same."""

_RAW_EMBEDDING = "embedding/raw"


@dataclass(frozen=True)
class Scope:
    """Where fitted rows lie, and how the opinions of held-out ones are spread.

    `near` and `far` map features, shape (rows, dimensions), to coordinates in which the rows of an
    intent, and all rows, are spread alike in every direction; both have shape (dimensions,
    dimensions). `prototypes`, shape (intents, dimensions), are the intents' means after `near`,
    `centre`, shape (dimensions,), that of all rows after `far`. `means` and `spreads`, shape (3,),
    are mean and standard deviation of the opinions, in the order nearness to an intent, to a group
    of tickets, logit.
    """

    near: Matrix
    prototypes: Matrix
    far: Matrix
    centre: Matrix
    means: Matrix
    spreads: Matrix


class Unseen(NamedTuple):
    """Rows that were not fitted: `features` (rows, dimensions), `logits` (rows, intents), and the
    squared distance to the nearest group of each intent, `distances` (rows, intents)."""

    features: Matrix
    logits: Matrix
    distances: Matrix


def fit_scope(
    features: Matrix,
    targets: Targets,
    *,
    intents: int,
    unseen: Unseen,
) -> Scope:
    """The scope of fitted rows: `features` (rows, dimensions), `targets` (rows,) label indices.

    The opinions are brought to one scale on rows that were not fitted: those of fitted ones are
    too good to go by.
    """
    near = whitening(features, targets, intents=intents)
    far = whitening(features, np.zeros_like(targets), intents=1)
    unscaled = Scope(
        near=near,
        prototypes=_means(features, targets, intents) @ near,
        far=far,
        centre=features.mean(axis=0) @ far,
        means=np.zeros(3, dtype=np.float32),
        spreads=np.ones(3, dtype=np.float32),
    )
    opinions = _opinions(unscaled, unseen)
    return replace(
        unscaled,
        means=opinions.mean(axis=1),
        spreads=np.maximum(opinions.std(axis=1), _LEAST_SPREAD),
    )


def whitening(points: Matrix, targets: Targets, *, intents: int) -> Matrix:
    """What makes the rows of an intent spread alike in every direction, by a product from the
    right: shape (dimensions, dimensions).

    Scaled so that a row of `points`, shape (rows, dimensions), lies at a mean squared distance of
    about 1 from the mean of its intent.
    """
    centred = points.astype(np.float64) - _means(points, targets, intents)[targets]
    dimensions = points.shape[1]
    covariance = np.cov(centred.T)
    share = SHRINKAGE * np.trace(covariance) / dimensions
    covariance += max(share, np.finfo(np.float32).eps) * np.eye(dimensions)
    found = np.linalg.cholesky(np.linalg.inv(covariance)) / np.sqrt(dimensions)
    return np.asarray(found, dtype=np.float32)


def attach_scope(graph: Path, scope: Scope) -> None:
    """Give the graph at `graph` one more output, float32 (batch,): the scope score.

    It reads the graph's `features`, its `logits` and what `attach_neighbours` added. The score is
    the mean of the opinions in standard deviations of held-out rows, so that these have a mean
    of 0.
    """
    model = onnx.load(graph)
    weights = 1.0 / (len(scope.spreads) * scope.spreads)
    constants: dict[str, npt.NDArray[Any]] = {
        "near": scope.near,
        "far": scope.far,
        "centre": scope.centre,
        "of_near": weights[0],
        "of_group": weights[1],
        "of_logit": weights[2],
        "offset": -(weights * scope.means).sum(),
        "minus_two_prototypes": -2.0 * scope.prototypes.T,
        "prototypes_squared": (scope.prototypes**2).sum(axis=1),
    }
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value, dtype=np.float32), _named(name))
        for name, value in constants.items()
    )
    columns = numpy_helper.from_array(np.array([1], dtype=np.int64), _named("columns"))
    model.graph.initializer.append(columns)
    model.graph.node.extend(
        helper.make_node(operator, [_named(name) for name in inputs], [_named(result)], **options)
        for operator, inputs, result, options in _STEPS
    )
    model.graph.output.append(
        helper.make_tensor_value_info(SCOPE_OUTPUT, TensorProto.FLOAT, ["batch"])
    )
    onnx.checker.check_model(model)
    onnx.save(model, graph)


def whiten_embedding(graph: Path, whitening: Matrix) -> None:
    """Change the graph at `graph` to give its embedding after `whitening`, in float32."""
    model = onnx.load(graph)
    for node in model.graph.node:
        node.output[:] = [_RAW_EMBEDDING if name == "embedding" else name for name in node.output]
        node.input[:] = [_RAW_EMBEDDING if name == "embedding" else name for name in node.input]
    model.graph.initializer.append(numpy_helper.from_array(whitening, "embedding/whitening"))
    model.graph.node.append(
        helper.make_node("MatMul", [_RAW_EMBEDDING, "embedding/whitening"], ["embedding"])
    )
    onnx.checker.check_model(model)
    onnx.save(model, graph)


_OF_THE_GRAPH = ("features", "logits", DISTANCES, SCOPE_OUTPUT)

_STEPS: tuple[tuple[str, tuple[str, ...], str, dict[str, Any]], ...] = (
    ("MatMul", ("features", "near"), "at", {}),
    ("Mul", ("at", "at"), "at_squared", {}),
    ("ReduceSum", ("at_squared", "columns"), "length", {"keepdims": 1}),
    ("MatMul", ("at", "minus_two_prototypes"), "crossed", {}),
    ("Add", ("crossed", "prototypes_squared"), "without_length", {}),
    ("Add", ("without_length", "length"), "to_prototypes", {}),
    ("ReduceMin", ("to_prototypes",), "distance", {"axes": [1], "keepdims": 0}),
    ("MatMul", ("features", "far"), "among_all", {}),
    ("Sub", ("among_all", "centre"), "from_centre", {}),
    ("Mul", ("from_centre", "from_centre"), "from_centre_squared", {}),
    ("ReduceSum", ("from_centre_squared", "columns"), "background", {"keepdims": 0}),
    ("Sub", ("background", "distance"), "nearness", {}),
    ("Mul", ("nearness", "of_near"), "by_nearness", {}),
    ("ReduceMin", (DISTANCES,), "to_group", {"axes": [1], "keepdims": 0}),
    ("Mul", ("to_group", "of_group"), "by_group", {}),
    ("ReduceMax", ("logits",), "largest_logit", {"axes": [1], "keepdims": 0}),
    ("Mul", ("largest_logit", "of_logit"), "by_logit", {}),
    ("Sub", ("by_nearness", "by_group"), "by_place", {}),
    ("Add", ("by_place", "by_logit"), "by_all", {}),
    ("Add", ("by_all", "offset"), SCOPE_OUTPUT, {}),
)


def _named(name: str) -> str:
    return name if name in _OF_THE_GRAPH else f"{SCOPE_OUTPUT}/{name}"


def _means(points: Matrix, targets: Targets, intents: int) -> Matrix:
    exact = points.astype(np.float64)
    means = [exact[targets == label].mean(axis=0) for label in range(intents)]
    return np.stack(means).astype(np.float32)


def _opinions(scope: Scope, unseen: Unseen) -> Matrix:
    """The three opinions of rows, higher for surer; shape (3, rows)."""
    at = unseen.features @ scope.near
    to_prototypes = -2.0 * at @ scope.prototypes.T + (scope.prototypes**2).sum(axis=1)
    distance = (at**2).sum(axis=1) + to_prototypes.min(axis=1)
    background = ((unseen.features @ scope.far - scope.centre) ** 2).sum(axis=1)
    return np.stack(
        [background - distance, -unseen.distances.min(axis=1), unseen.logits.max(axis=1)]
    )
