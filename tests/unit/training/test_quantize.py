"""An int8 graph gives a ticket the same answer in every batch, and stays close to float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.quantize import quantize_graph

TOKENS, WIDTH, INTENTS = 6, 32, 5


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A look-up, two products with a nonlinearity between them, and a mean over the tokens."""
    random = np.random.default_rng(7)

    def constant(name: str, *shape: int) -> onnx.TensorProto:
        return numpy_helper.from_array(random.normal(size=shape).astype(np.float32), name)

    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["embedded"], axis=0),
            helper.make_node("MatMul", ["embedded", "first"], ["hidden"]),
            helper.make_node("Tanh", ["hidden"], ["bent"]),
            helper.make_node("MatMul", ["bent", "second"], ["scores"]),
            helper.make_node("ReduceMean", ["scores"], ["logits"], axes=[1], keepdims=0),
        ],
        "plain",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", INTENTS])],
        [
            constant("table", 100, WIDTH),
            constant("first", WIDTH, WIDTH),
            constant("second", WIDTH, INTENTS),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "plain.onnx"
    onnx.save(model, path)
    return path


@pytest.fixture
def quantized(plain: Path, tmp_path: Path) -> Path:
    path = tmp_path / "int8.onnx"
    quantize_graph(plain, path)
    return path


def _run(path: Path, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"input_ids": rows})
    result: npt.NDArray[np.float32] = logits
    return result


def _rows(count: int) -> npt.NDArray[np.int64]:
    return np.random.default_rng(3).integers(0, 100, size=(count, TOKENS))


def test_a_row_has_the_same_logits_alone_and_in_any_batch(quantized: Path) -> None:
    rows = _rows(64)
    together = _run(quantized, rows)
    alone = np.concatenate([_run(quantized, rows[index : index + 1]) for index in range(len(rows))])
    assert np.abs(together - alone).max() < 1e-5


def test_logits_stay_close_to_float32(plain: Path, quantized: Path) -> None:
    exact, shipped = _run(plain, _rows(256)), _run(quantized, _rows(256))
    assert np.abs(exact - shipped).max() < 0.03 * np.abs(exact).max()
    assert (exact.argmax(axis=1) == shipped.argmax(axis=1)).mean() > 0.95


def test_matrices_and_tables_are_stored_as_int8(quantized: Path) -> None:
    stored = {tensor.name: tensor.data_type for tensor in onnx.load(quantized).graph.initializer}
    assert {"table", "first", "second"}.isdisjoint(stored)
    for name in ("table/int8", "first/int8", "second/int8"):
        assert stored[name] == TensorProto.INT8


def test_a_token_of_zeros_is_no_division_by_zero(plain: Path, tmp_path: Path) -> None:
    model = onnx.load(plain)
    table = next(tensor for tensor in model.graph.initializer if tensor.name == "table")
    values = numpy_helper.to_array(table).copy()
    values[0] = 0.0
    table.CopyFrom(numpy_helper.from_array(values, "table"))
    onnx.save(model, plain)
    path = tmp_path / "zeros.onnx"
    quantize_graph(plain, path)
    assert np.isfinite(_run(path, np.zeros((1, TOKENS), dtype=np.int64))).all()
