"""Several fits of one recipe: each starts alike and goes another way, and their mean is kept."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from tests.unit.training.sum_network import Sum
from training.architectures.by_gradient import GradientModel
from training.architectures.network import IntentNetwork
from training.fit import fit
from training.history import measure
from training.progress import FitProgress
from training.recipe import Recipe

WIDTH = 4
TARGETS = [0, 1]
ONE = Recipe(epochs=2, batch_rows=1, learning_rate=0.01, head_learning_rate=0.01)


def untrained() -> IntentNetwork:
    torch.manual_seed(2)
    return IntentNetwork(Sum(tokens=9, width=WIDTH), width=WIDTH, intents=2, dropout=0.0)


def test_the_weights_kept_are_the_mean_of_the_fits() -> None:
    epochs: list[int] = []

    def rows_of_epoch(epoch: int) -> Sequence[Sequence[int]]:
        epochs.append(epoch)
        return [[epoch], [epoch + 1]]

    both = replace(ONE, fits=2)
    averaged, apart = untrained(), [untrained(), untrained()]
    model = GradientModel("none", averaged, Path("none"), 8, pretrained=False)
    with FitProgress(Console(quiet=True)) as progress:
        model.fit(rows_of_epoch, TARGETS, both, seed=5, progress=progress)
        assert epochs == [1, 2, 3, 4]
        for number, network in enumerate(apart):
            fit(network, rows_of_epoch, TARGETS, both, seed=5, progress=progress, number=number)
    first, second = (network.state_dict() for network in apart)
    assert any(not torch.equal(first[name], second[name]) for name in first)
    for name, kept in averaged.state_dict().items():
        torch.testing.assert_close(kept, (first[name] + second[name]) / 2)


def test_the_last_record_is_of_the_mean_of_the_fits() -> None:
    rows, targets = [[1], [2]], np.array([0, 1])
    model = GradientModel("none", untrained(), Path("none"), 8, pretrained=False)
    with FitProgress(Console(quiet=True)) as progress:
        progress.measure_on(rows, targets)
        model.fit(lambda _: rows, TARGETS, replace(ONE, fits=2), seed=5, progress=progress)
    *epochs, last = progress.history
    assert [record.epoch for record in epochs] == [0, 1, 2, 3, 4]
    assert (last.epoch, last.loss) == (5, None)
    assert (last.held_out_loss, last.held_out_accuracy) == measure(model.network, rows, targets)
    assert last.held_out_loss != epochs[-1].held_out_loss


def test_one_fit_is_kept_as_it_is() -> None:
    kept, alone = untrained(), untrained()
    rows: Sequence[Sequence[int]] = [[1], [2]]
    with FitProgress(Console(quiet=True)) as progress:
        model = GradientModel("none", kept, Path("none"), 8, pretrained=False)
        model.fit(lambda epoch: rows, TARGETS, ONE, seed=5, progress=progress)
        start = deepcopy(alone.state_dict())
        fit(alone, lambda epoch: rows, TARGETS, ONE, seed=5, progress=progress)
    assert any(not torch.equal(start[name], tensor) for name, tensor in alone.state_dict().items())
    for name, tensor in alone.state_dict().items():
        assert torch.equal(tensor, kept.state_dict()[name])
