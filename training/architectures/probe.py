"""Fits the head alone on the untouched encoder, so that fine-tuning starts from good features.

Linear probing, then fine-tuning (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features
and Underperform Out-of-Distribution"): a random head would first push the encoder the wrong way.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from training.architectures.network import IntentNetwork
from training.forward import forward

STEPS = 100
LEARNING_RATE = 0.02
WEIGHT_DECAY = 0.01
"""Full-batch AdamW to convergence; a fraction of a second, since the encoder runs only once."""


def fit_probe(
    network: IntentNetwork, rows: Sequence[Sequence[int]], targets: Sequence[int]
) -> None:
    """Train `network.head` in place on token ids `rows` with label indices `targets`."""
    network.eval()
    pooled = forward(network.encoder, rows)
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
