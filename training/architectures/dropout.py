"""Dropout whose masks cost little on a CPU; used in training, gone from an exported graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ByteDropout(nn.Dropout):
    """`nn.Dropout` to the nearest 256th of `p`, with a mask drawn as bytes, eight at a time.

    PyTorch draws a number for each element, one after the other on one core: a fifth of a step of
    the default encoder. Dropout that a layer applies by itself, such as that of attention weights,
    only reads `p` and stays as it is.
    """

    def forward(self, values: Tensor) -> Tensor:
        """`values` with a share of `p` set to zero and the rest scaled up, in training only."""
        dropped = round(self.p * 256)
        if not self.training or dropped == 0:
            return values
        if dropped == 256:
            return values * 0.0
        words = torch.empty(-(-values.numel() // 8), dtype=torch.int64, device=values.device)
        drawn = words.random_(-(2**63), None).view(torch.uint8)[: values.numel()]
        kept = (drawn >= dropped).view(values.shape)
        return values * kept.to(values.dtype).mul_(256 / (256 - dropped))


def use_byte_dropout(network: nn.Module) -> None:
    """Put `ByteDropout` in the place of each `nn.Dropout` of `network`, in the mode it is in."""
    for name, child in network.named_children():
        if type(child) is nn.Dropout:
            setattr(network, name, ByteDropout(child.p).train(child.training))
        else:
            use_byte_dropout(child)
