"""Turns a float32 graph into int8 whose answer for a ticket does not depend on its batch.

ONNX Runtime's dynamic quantization scales activations by the range of the whole batch: the same
ticket beside other tickets gets other logits, and about 3 % of Banking77's test rows changed their
answer with the batch size. A redelivered record would then land in a second queue. Here each token
is scaled by its own range instead, at the same speed and closer to float32.

Weights are symmetric with one scale a column, activations uint8 with zero point 128 and one scale
a token (LLM.int8() calls this vector-wise quantization: Dettmers et al. 2022, arXiv 2208.07339,
section 2). Embedding tables are int8 with one scale a row.

Weights use seven of the eight bits. Processors without VNNI add two products in sixteen bits and
saturate; with seven bits no pair can (2 x 255 x 63 < 32768), so that every processor computes the
same integers, and a ticket redelivered to another machine gets the same answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

WEIGHT_LIMIT = 63
"""Largest magnitude of a quantized weight in a product: seven bits, see above."""

EIGHT_BIT_LIMIT = 127
"""Largest magnitude of a quantized table entry or centred activation."""

HEAD_OUTPUT = "logits"
"""The graph's output whose product stays float32."""

LEAST_RANGE = 1e-8
"""Keeps an all-zero token from dividing by zero."""


def quantize_graph(source: Path, target: Path) -> None:
    """Write the int8 form of the graph at `source` to `target`.

    Replaces each product with a constant matrix and each look-up in a constant table. Whatever
    else the graph holds stays float32: an LSTM, whose products are hidden inside one operator, and
    the head's `Gemm`, which is small and decides the answer.
    """
    model = onnx.load(source)
    _Quantizer(model.graph).run()
    onnx.checker.check_model(model)
    onnx.save(model, target)


class _Quantizer:
    """Rewrites one graph in place."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._constants = {tensor.name: tensor for tensor in graph.initializer}
        self._nodes: list[NodeProto] = []
        self._activations: set[str] = set()

    def run(self) -> None:
        nodes = list(self._graph.node)
        self._store("int8/limit", np.float32(EIGHT_BIT_LIMIT))
        self._store("int8/least_range", np.float32(LEAST_RANGE))
        # The half turns the cast's truncation into rounding.
        self._store("int8/centre_and_half", np.float32(128.5))
        self._store("int8/zero_point", np.uint8(128))
        for node in nodes:
            if node.op_type == "MatMul" and self._is_matrix(node.input[1]):
                self._product(node.input[0], node.input[1], node.output[0])
            elif self._is_layer(node):
                self._layer(node)
            elif node.op_type == "Gather" and self._is_matrix(node.input[0]):
                self._look_up(node)
            else:
                self._nodes.append(node)
        self._replace_nodes()

    def _is_matrix(self, name: str) -> bool:
        tensor = self._constants.get(name)
        return (
            tensor is not None and len(tensor.dims) == 2 and tensor.data_type == TensorProto.FLOAT
        )

    def _is_layer(self, node: NodeProto) -> bool:
        """Whether `node` is a linear layer on one row a token, as GPT-2 has them, but no head."""
        factors = {
            attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute
        }
        return (
            node.op_type == "Gemm"
            and node.output[0] != HEAD_OUTPUT
            and self._is_matrix(node.input[1])
            and not factors.get("transA")
            and not factors.get("transB")
            and factors.get("alpha", 1.0) == factors.get("beta", 1.0) == 1.0
        )

    def _layer(self, node: NodeProto) -> None:
        activation, weight, *bias = node.input
        output = node.output[0]
        product = f"{output}/product" if bias else output
        self._product(activation, weight, product)
        if bias:
            self._add("Add", [product, *bias], output)

    def _product(self, activation: str, weight: str, output: str) -> None:
        self._quantize_constant(weight, axis=0, limit=WEIGHT_LIMIT)
        self._quantize_activation(activation)
        self._add(
            "MatMulInteger",
            [f"{activation}/int8", f"{weight}/int8", "int8/zero_point"],
            f"{output}/int32",
        )
        self._add("Cast", [f"{output}/int32"], f"{output}/unscaled", to=TensorProto.FLOAT)
        self._add("Mul", [f"{output}/unscaled", f"{activation}/scale"], f"{output}/by_token")
        self._add("Mul", [f"{output}/by_token", f"{weight}/scale"], output)

    def _look_up(self, node: NodeProto) -> None:
        table, indices = node.input
        output = node.output[0]
        self._quantize_constant(table, axis=1, limit=EIGHT_BIT_LIMIT)
        self._add("Gather", [f"{table}/int8", indices], f"{output}/row", axis=0)
        self._add("Gather", [f"{table}/scale", indices], f"{output}/row_scale", axis=0)
        self._add("Cast", [f"{output}/row"], f"{output}/unscaled", to=TensorProto.FLOAT)
        self._add("Mul", [f"{output}/unscaled", f"{output}/row_scale"], output)

    def _quantize_constant(self, name: str, *, axis: int, limit: int) -> None:
        """Store `name` as int8 and its scales; `axis` is the one that shares a scale."""
        values = numpy_helper.to_array(self._constants[name]).astype(np.float32)
        scale = np.abs(values).max(axis=axis, keepdims=True) / limit
        scale[scale == 0] = 1
        self._store(f"{name}/int8", np.round(values / scale).astype(np.int8))
        # A product broadcasts its columns' scales; a look-up gathers its rows' scales.
        self._store(f"{name}/scale", scale[0] if axis == 0 else scale)

    def _quantize_activation(self, name: str) -> None:
        """Quantize a float activation once, however many products read it."""
        if name in self._activations:
            return
        self._activations.add(name)
        self._add("Abs", [name], f"{name}/magnitude")
        self._add("ReduceMax", [f"{name}/magnitude"], f"{name}/largest", axes=[-1], keepdims=1)
        self._add("Max", [f"{name}/largest", "int8/least_range"], f"{name}/range")
        self._add("Div", ["int8/limit", f"{name}/range"], f"{name}/inverse")
        self._add("Div", [f"{name}/range", "int8/limit"], f"{name}/scale")
        self._add("Mul", [name, f"{name}/inverse"], f"{name}/scaled")
        self._add("Add", [f"{name}/scaled", "int8/centre_and_half"], f"{name}/shifted")
        self._add("Cast", [f"{name}/shifted"], f"{name}/int8", to=TensorProto.UINT8)

    def _add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> None:
        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))

    def _store(self, name: str, value: npt.NDArray[np.generic] | np.generic) -> None:
        if name not in self._constants:
            tensor = numpy_helper.from_array(np.asarray(value), name)
            self._constants[name] = tensor
            self._graph.initializer.append(tensor)

    def _replace_nodes(self) -> None:
        del self._graph.node[:]
        self._graph.node.extend(self._nodes)
        read = {name for node in self._nodes for name in node.input}
        kept = [tensor for tensor in self._graph.initializer if tensor.name in read]
        del self._graph.initializer[:]
        self._graph.initializer.extend(kept)
