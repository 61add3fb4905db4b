"""A graph whose outputs are what it is given, for what is attached to a graph afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

Matrix = npt.NDArray[np.float32]


def save_given_graph(path: Path, *names: str) -> None:
    """Write a graph with these outputs, each of two dimensions, to `path`."""
    graph = helper.make_graph(
        [helper.make_node("Identity", [f"given/{name}"], [name]) for name in names],
        "given",
        [_described(f"given/{name}") for name in names],
        [_described(name) for name in names],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


def output_of(path: Path, wanted: str, given: Mapping[str, Matrix]) -> Matrix:
    """The output `wanted` of the graph at `path` when it is given these."""
    feed = {f"given/{name}": value.astype(np.float32) for name, value in given.items()}
    (output,) = ort.InferenceSession(str(path)).run([wanted], feed)
    return np.asarray(output)


def _described(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", None])
