"""The loss of a fit: of rows with an intent, and of rows that answer questions; fits nothing.

One task learned beside another shares what it finds (Caruana 1997, "Multitask Learning").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Answers = npt.NDArray[np.float32]
"""Shape (rows, questions): 1 is yes, 0 no, NaN not known."""


@dataclass(frozen=True)
class Asked:
    """Rows with answers: `of_epoch` gives `rows` of them, as token ids, with their answers."""

    rows: int
    questions: int
    of_epoch: Callable[[int], tuple[Sequence[Sequence[int]], Answers]]


class MixedLoss(nn.Module):
    """Cross entropy of the rows with an intent, binary cross entropy of the answers of others.

    Its own weights, a linear layer on the embedding, are of no use after the fit.
    """

    def __init__(
        self,
        targets: Sequence[int],
        *,
        intents: int,
        width: int,
        questions: int,
        label_smoothing: float,
    ) -> None:
        """`targets` are the label indices of the rows that come first in every epoch."""
        super().__init__()
        labelled = nn.functional.one_hot(torch.tensor(targets), intents).float()
        self._labelled = labelled * (1.0 - label_smoothing) + label_smoothing / intents
        self._targets = self._labelled
        self._answers = torch.empty(0, questions)
        self.weight = nn.Parameter(torch.zeros(questions, width))
        self.bias = nn.Parameter(torch.zeros(questions))
        self._scale = width**0.5
        self._smoothing = label_smoothing

    def ask(self, answers: Answers) -> None:
        """An epoch begins whose rows after the first ones have these answers."""
        self._answers = torch.from_numpy(answers)

    def believe(self, logits: Tensor, share: float) -> None:
        """Mix the labels, to this share, with what `logits`, shape (rows, intents), say."""
        self._targets = torch.lerp(self._labelled, logits.softmax(dim=1), share)

    def forward(self, rows: Sequence[int], logits: Tensor, embedding: Tensor) -> Tensor:
        """The mean over a batch, in nats; `rows` are the places of its rows in the epoch."""
        place = torch.tensor(rows)
        with_intent = place < len(self._targets)
        summed = nn.functional.cross_entropy(
            logits[with_intent], self._targets[place[with_intent]], reduction="sum"
        )
        if not with_intent.all():
            answers = self._answers[place[~with_intent] - len(self._targets)]
            # The entries of a vector of unit length are small: without the scale, the layer's
            # weights would have far to go at the learning rate of a head.
            scaled = embedding[~with_intent] * self._scale
            odds = nn.functional.linear(scaled, self.weight, self.bias)
            known = ~answers.isnan()
            smoothed = answers[known] * (1.0 - self._smoothing) + self._smoothing / 2
            summed = summed + nn.functional.binary_cross_entropy_with_logits(
                odds[known], smoothed, reduction="sum"
            )
        return summed / len(rows)
