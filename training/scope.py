"""Learns where the known intents lie, so that serving can tell how far from them a ticket is.

Each intent is a Gaussian around its mean, all of one covariance (Lee et al. 2018, "A Simple
Unified Framework for Detecting Out-of-Distribution Samples"). The graph is made to give its
embedding in coordinates in which that covariance is the same in all directions, so that serving
needs a plain distance. Chooses no threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

Matrix = npt.NDArray[np.float32]

SHRINKAGE = 0.01
"""Share of the mean variance that is added to every direction: fine-tuning leaves some directions
without any, and a few hundred rows say little of the small ones."""

_RAW = "embedding/raw"


@dataclass(frozen=True)
class Scope:
    """`whitening`, shape (dimensions, dimensions), maps an embedding by a product from the right;
    `prototypes`, shape (intents, dimensions), are the intents' means after it."""

    whitening: Matrix
    prototypes: Matrix


def fit_scope(embedding: Matrix, targets: npt.NDArray[np.intp], *, intents: int) -> Scope:
    """The scope of fitted rows: `embedding` (rows, dimensions), `targets` (rows,) label indices.

    Scaled so that a fitted row lies at a mean squared distance of about 1 from its prototype.
    """
    points = embedding.astype(np.float64)
    means = np.stack([points[targets == label].mean(axis=0) for label in range(intents)])
    dimensions = points.shape[1]
    covariance = np.cov((points - means[targets]).T)
    share = SHRINKAGE * np.trace(covariance) / dimensions
    covariance += max(share, np.finfo(np.float32).eps) * np.eye(dimensions)
    whitening = np.linalg.cholesky(np.linalg.inv(covariance)) / np.sqrt(dimensions)
    return Scope(
        whitening=whitening.astype(np.float32), prototypes=(means @ whitening).astype(np.float32)
    )


def whiten_embedding(graph: Path, whitening: Matrix) -> None:
    """Change the graph at `graph` to give its embedding after `whitening`, in float32."""
    model = onnx.load(graph)
    for node in model.graph.node:
        node.output[:] = [_RAW if name == "embedding" else name for name in node.output]
        node.input[:] = [_RAW if name == "embedding" else name for name in node.input]
    model.graph.initializer.append(numpy_helper.from_array(whitening, "embedding/whitening"))
    model.graph.node.append(
        helper.make_node("MatMul", [_RAW, "embedding/whitening"], ["embedding"])
    )
    onnx.checker.check_model(model)
    onnx.save(model, graph)
