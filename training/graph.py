"""Turns a trained network into ONNX files and runs them; chooses no threshold.

The graph's inputs are `input_ids` and `attention_mask`, int64 (batch, tokens); its outputs are
`logits`, float32 (batch, intents), `embedding` and `features`, float32 (batch, dimensions), of unit
length. What comes later, such as a scope score, is a further output.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import torch
from torch import nn

from stream_app.inference import cut_by_padded_tokens
from stream_app.inference.encoder import pad
from stream_app.settings import InferenceSettings

OPSET = 17
"""Newest operator set that the TorchScript exporter writes without converting."""


@dataclass(frozen=True)
class GraphOutput:
    """What a graph says of some rows: each of its outputs by name, a row of it for each.

    `seconds` is how long the graph ran on all of them, without opening it.
    """

    outputs: Mapping[str, npt.NDArray[np.float32]]
    seconds: float

    @property
    def logits(self) -> npt.NDArray[np.float32]:
        """Shape (rows, intents)."""
        return self.outputs["logits"]

    @property
    def embedding(self) -> npt.NDArray[np.float32]:
        """Shape (rows, dimensions)."""
        return self.outputs["embedding"]

    @property
    def features(self) -> npt.NDArray[np.float32]:
        """Shape (rows, dimensions)."""
        return self.outputs["features"]

    @property
    def answers(self) -> npt.NDArray[np.intp]:
        """The most likely label index of each row."""
        answers: npt.NDArray[np.intp] = self.logits.argmax(axis=1)
        return answers


def export_graph(network: nn.Module, path: Path) -> None:
    """Write `network` to `path` in float32 with free batch and token dimensions.

    Through the TorchScript exporter, which needs no further package and whose graph takes any
    number of rows and tokens.
    """
    # The example has padding and more than one row, so that nothing of its shape is baked in.
    input_ids = torch.tensor([[1, 2, 3, 4, 5], [1, 2, 3, 0, 0]])
    attention_mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    free = {0: "batch", 1: "tokens"}
    with warnings.catch_warnings():
        # Tracing warns of every Python branch in the encoder, and of its own deprecation.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (input_ids, attention_mask),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits", "embedding", "features"],
            dynamic_axes={
                "input_ids": free,
                "attention_mask": free,
                "logits": {0: "batch"},
                "embedding": {0: "batch"},
                "features": {0: "batch"},
            },
            opset_version=OPSET,
            dynamo=False,
        )


def run_graph(path: Path, rows: Sequence[list[int]]) -> GraphOutput:
    """Run the graph at `path` on token ids, batched as in serving; results in the order given."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    serving = InferenceSettings()
    batches = cut_by_padded_tokens(
        [len(row) for row in rows],
        max_padded_tokens=serving.max_padded_tokens,
        max_rows=serving.max_rows,
    )
    names = [node.name for node in session.get_outputs()]
    parts = []
    started = time.monotonic()
    for batch in batches:
        input_ids, attention_mask = pad([rows[index] for index in batch])
        feed = {"input_ids": input_ids, "attention_mask": attention_mask}
        parts.append(session.run(names, feed))
    seconds = time.monotonic() - started
    place = np.argsort([index for batch in batches for index in batch])
    return GraphOutput(
        {
            name: np.concatenate(of_one)[place]
            for name, of_one in zip(names, zip(*parts, strict=True), strict=True)
        },
        seconds,
    )
