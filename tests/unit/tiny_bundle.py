"""A real bundle of a few kilobytes: a word counter in ONNX with three intents."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from schemas import Priority
from stream_app.bundle import Calibration, GoldenTicket, Label, Provenance, write_bundle

WORDS = ("[UNK]", "stolen", "password", "delivery")
LABELS = (
    Label(intent="card_stolen", category="Account/Login", priority=Priority.HIGH),
    Label(intent="password_reset", category="Technical", priority=Priority.MEDIUM),
    Label(intent="delivery_time", category="Order/Delivery", priority=Priority.LOW),
)

NO_TRAINING = Provenance(
    base_model="none",
    data="none",
    data_sha256="0" * 64,
    training_rows=1,
    seed=0,
    recipe={},
    metrics={},
    libraries={},
)


def write_tiny_bundle(
    folder: Path,
    *,
    name: str = "tiny",
    version: str = "1",
    labels: int = 3,
    named: tuple[Label, ...] = LABELS,
    provenance: Provenance = NO_TRAINING,
) -> Path:
    """Word `i` of `WORDS` speaks for label `i - 1`; a text without any of them is unsure."""
    parts = Path(mkdtemp())
    tokenizer = Tokenizer(WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(parts / "tokenizer.json"))
    onnx.save(_graph(), parts / "model.onnx")
    confident = float(np.exp(8.0) / (np.exp(8.0) + 2.0))
    return write_bundle(
        folder,
        name=name,
        version=version,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        max_tokens=64,
        model_path=parts / "model.onnx",
        tokenizer_path=parts / "tokenizer.json",
        labels=named[:labels],
        calibration=Calibration(temperature=1.0, review_below=0.5, out_of_scope_below=0.5),
        golden=[GoldenTicket(text="stolen", intent=named[0].intent, confidence=confident)],
        provenance=provenance,
    )


def _graph() -> onnx.ModelProto:
    """Mean of one-hot words over the mask, scaled to logits, and the same at unit length.

    The scope score is the cosine to the nearest of the words that speak for a label.
    """
    weights = np.zeros((4, 3), dtype=np.float32)
    weights[1:] = np.eye(3, dtype=np.float32) * 8
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["words"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["weights"]),
        helper.make_node("Mul", ["words", "weights"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "tokens"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["weights", "tokens"], ["count"], keepdims=0),
        helper.make_node("Div", ["total", "count"], ["mean"]),
        helper.make_node("MatMul", ["mean", "head"], ["logits"]),
        helper.make_node("LpNormalization", ["mean"], ["embedding"], axis=-1, p=2),
        helper.make_node("MatMul", ["embedding", "speaking"], ["cosines"]),
        helper.make_node("ReduceMax", ["cosines"], ["scope"], axes=[1], keepdims=0),
    ]
    inputs, ids = ("input_ids", "attention_mask"), ["batch", "tokens"]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ids) for name in inputs],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 4]),
            helper.make_tensor_value_info("scope", TensorProto.FLOAT, ["batch"]),
        ],
        [
            numpy_helper.from_array(np.eye(4, dtype=np.float32), "table"),
            numpy_helper.from_array(weights, "head"),
            numpy_helper.from_array(np.eye(4, 3, k=-1, dtype=np.float32), "speaking"),
            numpy_helper.from_array(np.array([-1], dtype=np.int64), "last"),
            numpy_helper.from_array(np.array([1], dtype=np.int64), "tokens"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
