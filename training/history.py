"""What the epochs of a fit gave on rows that it did not see; changes no weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.forward import forward


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """Epoch `epoch`, counted from 1; 0 is what the fit of all weights starts from.

    Of several fits the epochs are counted on, and one more stands for the mean of their weights.
    `loss` is the mean of what the fit minimised over the epoch's rows, in nats, None where nothing
    was fitted: with label smoothing and augmentation it is not comparable with `held_out_loss`, the
    plain cross entropy of the held-out rows. `held_out_accuracy` lies in 0..1. `seconds` were spent
    fitting.
    """

    epoch: int
    loss: float | None
    held_out_loss: float
    held_out_accuracy: float
    seconds: float

    def __str__(self) -> str:
        """One line for people."""
        held_out = f"held-out accuracy {self.held_out_accuracy:.1%}"
        if self.loss is None:
            return (
                f"{'the mean of the fits' if self.epoch else 'before the first epoch'}: {held_out}"
            )
        return f"epoch {self.epoch}: loss {self.loss:.3f}, {held_out}, {self.seconds:.0f} s"


def measure(
    network: nn.Module, rows: Sequence[Sequence[int]], targets: npt.NDArray[np.intp]
) -> tuple[float, float]:
    """Mean cross entropy in nats and accuracy (0..1) of `network` on token ids `rows`.

    `targets` are label indices of shape (rows,). The network is left in the mode it came in.
    """
    logits, expected = forward(network, rows), torch.from_numpy(targets)
    right = int((logits.argmax(dim=1) == expected).sum())
    return nn.functional.cross_entropy(logits, expected).item(), right / len(rows)
