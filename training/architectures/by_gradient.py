"""A model that is fitted by gradient, from pretrained weights or from none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from training.architectures.network import IntentNetwork
from training.architectures.probe import fit_head
from training.fit import RowsOfEpoch, fit
from training.progress import FitProgress
from training.recipe import Recipe


@dataclass(frozen=True)
class GradientModel:
    """A `TextModel` on an `IntentNetwork`; `pretrained` says that its encoder is no noise."""

    base_model: str
    network: IntentNetwork
    tokenizer_path: Path
    max_tokens: int
    pretrained: bool

    def fit(
        self,
        rows_of_epoch: RowsOfEpoch,
        targets: Sequence[int],
        recipe: Recipe,
        *,
        seed: int,
        progress: FitProgress,
    ) -> None:
        """Fit all weights; on a pretrained encoder first the head, on epochs 0 and 1 together."""
        if self.pretrained:
            rows = [*rows_of_epoch(0), *rows_of_epoch(1)]
            fit_head(self.network, rows, [*targets, *targets])
        fit(self.network, rows_of_epoch, targets, recipe, seed=seed, progress=progress)
