"""A model that is fitted by gradient, from pretrained weights or from none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from training.architectures.network import IntentNetwork
from training.architectures.probe import fit_probe
from training.fit import RowsOfEpoch, fit
from training.loss import Asked
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
    learns_answers: bool = True

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
        """Fit all weights, on a pretrained encoder first the head; the mean of `recipe.fits` fits.

        Before fine-tuning the head sees epochs 0 and 1 together. A head that stays alone sees the
        rows as they came: a frozen encoder learns nothing from noise, and on the starter set the
        noised copies cost 4 points of accuracy and 3 on noised tickets.
        """
        if self.pretrained and recipe.epochs:
            rows = [*rows_of_epoch(0), *rows_of_epoch(1)]
            fit_probe(self.network, rows, [*targets, *targets])
        elif self.pretrained:
            fit_probe(self.network, rows_of_epoch(0), targets)
        start = _weights(self.network)
        fitted = []
        for number in range(recipe.fits):
            self.network.load_state_dict(start)
            fit(
                self.network,
                rows_of_epoch,
                targets,
                recipe,
                seed=seed,
                progress=progress,
                asked=asked,
                number=number,
            )
            fitted.append(_weights(self.network))
        self.network.load_state_dict(
            {name: _mean([each[name] for each in fitted]) for name in start}
        )
        if recipe.fits > 1:
            progress.end_fits(recipe.fits * recipe.epochs, self.network)


def _weights(network: IntentNetwork) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def _mean(tensors: Sequence[Tensor]) -> Tensor:
    # What is no weight, such as the numbers of positions, is the same in all.
    first = tensors[0]
    return torch.stack(list(tensors)).mean(dim=0) if first.is_floating_point() else first
