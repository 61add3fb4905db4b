"""What every architecture offers to a training; trains and exports nothing itself.

A model that keeps this contract is exported, quantized, calibrated and served by the same code as
all others: nothing after the fit knows which architecture it handles.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from torch import nn

from training.fit import RowsOfEpoch
from training.loss import Asked
from training.progress import FitProgress
from training.recipe import Recipe


class TextModel(Protocol):
    """A network, its tokenizer, and the way to fit it."""

    @property
    def base_model(self) -> str:
        """What the fit started from, for the bundle's provenance."""

    @property
    def network(self) -> nn.Module:
        """Maps `input_ids` and `attention_mask` to `(logits, embedding, features)`.

        Inputs are int64 (rows, tokens), padded on the right; outputs float32 (rows, intents) and
        twice (rows, width): the embedding, which the heads read, and the features, which tell what
        is out of scope, both of unit length. A row's outputs depend on its own tokens alone, not on
        padding or on the other rows. The TorchScript exporter can write it.
        """

    @property
    def tokenizer_path(self) -> Path:
        """A `tokenizer.json` of the `tokenizers` library, which gives no text zero tokens."""

    @property
    def max_tokens(self) -> int:
        """The longest row that the network takes."""

    @property
    def learns_answers(self) -> bool:
        """Whether the embedding learns what `asked` rows teach."""

    def fit(
        self,
        rows_of_epoch: RowsOfEpoch,
        targets: Sequence[int],
        recipe: Recipe,
        *,
        seed: int,
        progress: FitProgress,
        asked: Asked | None = None,
    ) -> None:
        """Train `network` in place; arguments as those of `training.fit.fit`."""


class Build(Protocol):
    """The function `build` of an architecture's module."""

    def __call__(
        self,
        texts: Sequence[str],
        recipe: Recipe,
        *,
        base_model: str | None,
        intents: int,
        seed: int,
        workspace: Path,
    ) -> TextModel:
        """An untrained model with `intents` outputs.

        `texts` are the training rows, for an architecture that learns its vocabulary from them.
        `base_model` names pretrained weights, None the architecture's own start. First weights
        are drawn by `seed`. Files that the model needs are written to `workspace`, which outlives
        it. Raises `UserError` and `Unavailable` where `base_model` is unusable.
        """
