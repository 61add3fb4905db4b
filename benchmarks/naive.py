"""The naive way, for comparison: PyTorch dynamic int8, one ticket at a time, padded to 64 tokens.

Reads `{"tickets": [...], "tokens": 64}` on standard input and prints tickets a second.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

from training.architectures import ARCHITECTURES, ArchitectureName


def main() -> None:
    """Time the forward passes, tokenising included, after a short warm-up."""
    request = json.load(sys.stdin)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as workspace:
        transformer = ARCHITECTURES[ArchitectureName.TRANSFORMER]
        model = transformer.build(
            [], transformer.quick, base_model=None, intents=77, seed=0, workspace=Path(workspace)
        )
        tokenizer = Tokenizer.from_file(str(model.tokenizer_path))
    tokenizer.enable_truncation(request["tokens"])
    tokenizer.enable_padding(length=request["tokens"])
    quantized = torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
        model.network.eval(), {nn.Linear}, dtype=torch.qint8
    )

    def classify(text: str) -> None:
        encoding = tokenizer.encode(text)
        quantized(torch.tensor([encoding.ids]), torch.tensor([encoding.attention_mask]))

    with torch.inference_mode():
        for text in request["tickets"][:10]:
            classify(text)
        started = time.perf_counter()
        for text in request["tickets"]:
            classify(text)
        print(len(request["tickets"]) / (time.perf_counter() - started))


main()
