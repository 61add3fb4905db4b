"""Fits the head alone on the untouched encoder, so that fine-tuning starts from good features.

Linear probing, then fine-tuning (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features
and Underperform Out-of-Distribution"): a random head would first push the encoder the wrong way.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from stream_app.inference import cut_by_padded_tokens
from stream_app.inference.encoder import pad
from training.architectures.network import IntentNetwork

STEPS = 100
LEARNING_RATE = 0.02
WEIGHT_DECAY = 0.01
"""Full-batch AdamW to convergence; a fraction of a second, since the encoder runs only once."""


def fit_head(network: IntentNetwork, rows: Sequence[Sequence[int]], targets: Sequence[int]) -> None:
    """Train `network.head` in place on token ids `rows` with label indices `targets`."""
    pooled = _embed(network, rows)
    expected = torch.tensor(targets)
    optimizer = torch.optim.AdamW(
        network.head.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )
    criterion = nn.CrossEntropyLoss()
    for _ in range(STEPS):
        optimizer.zero_grad()
        criterion(network.head(pooled), expected).backward()
        optimizer.step()
    optimizer.zero_grad()


@torch.no_grad()
def _embed(network: IntentNetwork, rows: Sequence[Sequence[int]]) -> torch.Tensor:
    network.eval()
    batches = cut_by_padded_tokens(
        [len(row) for row in rows], max_padded_tokens=2_048, max_rows=128
    )
    pooled = [
        network.encoder(*(torch.from_numpy(part) for part in pad([rows[index] for index in batch])))
        for batch in batches
    ]
    place = torch.tensor([index for batch in batches for index in batch]).argsort()
    return torch.cat(pooled)[place]
