"""Rows with an intent and rows with answers share one loss, and both teach the encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from rich.console import Console
from torch import nn

from tests.unit.training.sum_network import Sum
from training.architectures.network import IntentNetwork
from training.fit import fit
from training.forward import forward
from training.loss import Asked, MixedLoss
from training.progress import FitProgress
from training.recipe import Recipe

WIDTH = 4
TARGETS = [0, 2, 1]
UNKNOWN = np.nan


def _criterion() -> MixedLoss:
    return MixedLoss(TARGETS, intents=3, width=WIDTH, questions=2, label_smoothing=0.1)


def test_rows_with_an_intent_have_the_mean_cross_entropy() -> None:
    torch.manual_seed(1)
    logits, embedding = torch.randn(3, 3), torch.randn(3, WIDTH)
    expected = nn.CrossEntropyLoss(label_smoothing=0.1)(logits, torch.tensor([1, 0, 2]))
    loss = _criterion()([2, 0, 1], logits, embedding)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-6)


def test_only_known_answers_count_and_the_mean_is_over_all_rows() -> None:
    criterion = _criterion()
    criterion.ask(np.array([[1.0, UNKNOWN], [UNKNOWN, UNKNOWN]], dtype=np.float32))
    logits, embedding = torch.zeros(2, 3), torch.randn(2, WIDTH)
    # Untrained, each known answer costs ln 2.
    assert criterion([3, 4], logits, embedding).item() == pytest.approx(np.log(2.0) / 2, abs=1e-6)
    both = criterion([0, 3], logits, embedding).item()
    assert both == pytest.approx((np.log(3.0) + np.log(2.0)) / 2, abs=1e-6)


def test_a_belief_moves_the_target_from_the_label_to_what_is_believed() -> None:
    criterion = _criterion()
    believed = torch.tensor([[0.0, 9.0, 0.0], [0.0, 0.0, 9.0], [0.0, 9.0, 0.0]])
    embedding = torch.randn(1, WIDTH)

    def loss_of(answer: int) -> float:
        """Of the first row, whose label is 0, for a network that is sure of `answer`."""
        return float(
            criterion([0], 5.0 * nn.functional.one_hot(torch.tensor([answer]), 3), embedding)
        )

    criterion.believe(believed, 0.0)
    assert loss_of(0) < loss_of(1)
    criterion.believe(believed, 0.9)
    assert loss_of(1) < loss_of(0)


def test_the_encoder_learns_a_question_that_no_intent_asks() -> None:
    """Tokens 4 and 5 never stand in a row with an intent."""

    def gap(asked: Asked | None) -> float:
        torch.manual_seed(2)
        network = IntentNetwork(Sum(tokens=6, width=WIDTH), width=WIDTH, intents=2, dropout=0.0)
        recipe = Recipe(epochs=30, batch_rows=4, learning_rate=0.05, head_learning_rate=0.05)
        with FitProgress(Console(quiet=True)) as progress:
            fit(
                network,
                lambda epoch: [[1, 2], [1, 3]],
                [0, 1],
                recipe,
                seed=2,
                progress=progress,
                asked=asked,
            )
        _, embedding, _ = network(torch.tensor([[4], [5]]), torch.ones(2, 1, dtype=torch.int64))
        return float((embedding[0] @ embedding[1]).item())

    answers = np.array([[1.0], [0.0]] * 4, dtype=np.float32)
    asked = Asked(rows=8, questions=1, of_epoch=lambda epoch: ([[4], [5]] * 4, answers))
    assert gap(asked) < gap(None) - 0.2


def test_a_noised_row_is_taught_what_is_said_of_it_without_noise() -> None:
    """Rows of the first label show token 1 with noise, and token 2 without, as the second's do."""
    noised, plain, targets = [[1]] * 8 + [[2]] * 8, [[2]] * 16, [0] * 8 + [1] * 8

    def probability_of_the_label(self_taught: float) -> float:
        torch.manual_seed(2)
        network = IntentNetwork(Sum(tokens=6, width=WIDTH), width=WIDTH, intents=2, dropout=0.0)
        recipe = Recipe(
            epochs=30,
            batch_rows=4,
            learning_rate=0.05,
            head_learning_rate=0.05,
            self_taught=self_taught,
        )
        with FitProgress(Console(quiet=True)) as progress:
            fit(
                network,
                lambda epoch: noised if epoch else plain,
                targets,
                recipe,
                seed=2,
                progress=progress,
            )
        return float(forward(network, [[1]]).softmax(dim=1)[0, 0].item())

    assert probability_of_the_label(0.0) > 0.8
    assert probability_of_the_label(1.0) < 0.6


def test_rows_keep_their_order_whatever_their_length() -> None:
    torch.manual_seed(3)
    network = IntentNetwork(Sum(tokens=6, width=WIDTH), width=WIDTH, intents=2, dropout=0.5).train()
    rows = [[1, 2, 3], [4], [5, 1], [2, 2, 2, 2], [3]] * 60
    together = forward(network, rows)
    assert network.training
    alone = torch.cat([forward(network, [row]) for row in rows[:5]])
    assert torch.allclose(together[:5], alone, atol=1e-6)
    assert torch.allclose(together[-5:], alone, atol=1e-6)
