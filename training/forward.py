"""Runs a network on rows without learning from them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from stream_app.inference import cut_by_padded_tokens
from stream_app.inference.encoder import pad

MAX_PADDED_TOKENS = 2_048
MAX_ROWS = 128


@torch.no_grad()
def forward(network: nn.Module, rows: Sequence[Sequence[int]]) -> Tensor:
    """The first output of `network` for token ids `rows`, in their order, without dropout.

    The network is left in the mode it came in.
    """
    was_training = network.training
    network.eval()
    batches = cut_by_padded_tokens(
        [len(row) for row in rows], max_padded_tokens=MAX_PADDED_TOKENS, max_rows=MAX_ROWS
    )
    outputs = []
    for batch in batches:
        output = network(*(torch.from_numpy(part) for part in pad([rows[at] for at in batch])))
        outputs.append(output if isinstance(output, Tensor) else output[0])
    network.train(was_training)
    place = torch.tensor([index for batch in batches for index in batch]).argsort()
    return torch.cat(outputs)[place]
