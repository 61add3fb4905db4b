"""Dropout whose masks cost little on a CPU; used in training, gone from an exported graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ByteDropout(nn.Dropout):
    """`nn.Dropout` to the nearest 256th of `p`, with a mask drawn as bytes, eight at a time.

    A fifth of a step of the default encoder went into `nn.Dropout`'s masks, for which PyTorch draws
    a number for each element, one after the other on one core.
    """

    def forward(self, values: Tensor) -> Tensor:
        """`values` with a share of `p` set to zero and the rest scaled up, in training only."""
        dropped = round(self.p * 256)
        if not self.training or dropped == 0:
            return values
        words = torch.empty(-(-values.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        drawn = words.view(torch.uint8)[: values.numel()].view(values.shape)
        return values * (drawn >= dropped).to(values.dtype).mul_(256 / max(1, 256 - dropped))


def use_byte_dropout(network: nn.Module) -> None:
    """Put `ByteDropout` in the place of each `nn.Dropout` of `network`."""
    for name, child in network.named_children():
        if type(child) is nn.Dropout:
            setattr(network, name, ByteDropout(child.p))
        else:
            use_byte_dropout(child)
