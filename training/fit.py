"""Fits a network to encoded rows; owns the optimizer and the order of the batches, no files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from stream_app.inference.encoder import pad
from training.architectures.network import IntentNetwork
from training.forward import forward
from training.loss import Asked, MixedLoss
from training.precision import mixed_precision
from training.progress import FitProgress
from training.recipe import Recipe

Rows = Sequence[Sequence[int]]
"""Token ids, one sequence a row."""

RowsOfEpoch = Callable[[int], Rows]
"""The rows of an epoch, counted from 1, always in the same order; epoch 0 stands for the rows as
they came."""

Weights = tuple[torch.Tensor, ...] | list[torch.Tensor]
"""The weights of a network, always in the same order."""

Average = Callable[[Weights, Weights, torch.Tensor | int], None]
"""Moves old averages, in place, towards current weights, by how many were averaged."""

POOL_BATCHES = 16
"""Rows are sorted by length within pools of this many batches: little padding, and the batches
still differ from one epoch to the next."""


def fit(
    network: IntentNetwork,
    rows_of_epoch: RowsOfEpoch,
    targets: Sequence[int],
    recipe: Recipe,
    *,
    seed: int,
    progress: FitProgress,
    asked: Asked | None = None,
    number: int = 0,
) -> None:
    """Train all of `network` in place for `recipe.epochs` epochs, which may be none.

    This is the fit `number` of the recipe's, counted from 0: its epochs are counted on from those
    of the fits before, and none of its rows' noise was theirs.

    `targets` are the label indices of the rows, in their order; the rows of `asked` teach the
    encoder alone. AdamW (Loshchilov and Hutter 2019). Deterministic for a seed, a kind of processor
    and a number of threads. `progress` hears of every batch, and measures the network at the start
    and after each epoch.
    """
    torch.manual_seed(seed + number)
    if number == 0:
        progress.end_epoch(0, network)
    if recipe.epochs == 0:
        return
    chance = random.Random(seed + number)  # noqa: S311 - repeatability, not secrecy
    rows_an_epoch = len(targets) + (asked.rows if asked else 0)
    steps = recipe.epochs * -(-rows_an_epoch // recipe.batch_rows)
    criterion = MixedLoss(
        targets,
        intents=network.head.out_features,
        width=network.head.in_features,
        questions=asked.questions if asked else 0,
        label_smoothing=recipe.label_smoothing,
    )
    optimizer = _optimizer(network, criterion, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _learning_rate_share(step, steps, recipe.warmup_share)
    )
    learned = [*network.parameters(), *criterion.parameters()]
    average = AveragedModel(network, multi_avg_fn=_moving_average(recipe.averaging))
    as_they_came = rows_of_epoch(0) if recipe.self_taught else ()
    network.train()
    before = number * recipe.epochs
    for epoch in range(1, recipe.epochs + 1):
        rows = list(rows_of_epoch(before + epoch))
        if asked:
            asked_rows, answers = asked.of_epoch(before + epoch)
            rows += asked_rows
            criterion.ask(answers)
        progress.start_epoch(before + epoch, recipe.epochs * recipe.fits, rows=len(rows))
        if recipe.self_taught and epoch > 1:
            share = recipe.self_taught * (epoch - 1) / (recipe.epochs - 1)
            with mixed_precision():
                said = forward(average.module, as_they_came)
            criterion.believe(said.float(), share)
        summed_loss = 0.0
        for batch in length_bucketed([len(row) for row in rows], recipe.batch_rows, chance):
            input_ids, attention_mask = pad([rows[index] for index in batch])
            with mixed_precision():
                logits, embedding, _ = network(
                    torch.from_numpy(input_ids), torch.from_numpy(attention_mask)
                )
            loss = criterion(batch, logits.float(), embedding.float())
            loss.backward()
            nn.utils.clip_grad_norm_(learned, recipe.max_gradient_norm)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            average.update_parameters(network)
            summed_loss += loss.item() * len(batch)
            progress.advance(rows=len(batch), loss=loss.item())
        progress.end_epoch(before + epoch, average.module, loss=summed_loss / len(rows))
    network.load_state_dict(average.module.state_dict())
    network.eval()


def length_bucketed(
    lengths: Sequence[int], batch_rows: int, chance: random.Random
) -> Iterator[list[int]]:
    """Shuffle row indices into batches of rows of similar length; each index appears once."""
    order = list(range(len(lengths)))
    chance.shuffle(order)
    pool_rows = POOL_BATCHES * batch_rows
    batches: list[list[int]] = []
    for start in range(0, len(order), pool_rows):
        pool = sorted(order[start : start + pool_rows], key=lengths.__getitem__)
        batches += [pool[at : at + batch_rows] for at in range(0, len(pool), batch_rows)]
    chance.shuffle(batches)
    yield from batches


def _optimizer(network: IntentNetwork, criterion: MixedLoss, recipe: Recipe) -> torch.optim.AdamW:
    # The encoder's biases and normalisation weights are left undecayed, as is usual.
    encoder = list(network.encoder.parameters())
    groups = [
        {
            "params": [weight for weight in encoder if weight.ndim > 1],
            "lr": recipe.learning_rate,
            "weight_decay": recipe.weight_decay,
        },
        {
            "params": [weight for weight in encoder if weight.ndim <= 1],
            "lr": recipe.learning_rate,
            "weight_decay": 0.0,
        },
        {
            "params": [*network.head.parameters(), *criterion.parameters()],
            "lr": recipe.head_learning_rate,
            "weight_decay": recipe.weight_decay,
        },
    ]
    return torch.optim.AdamW(groups, fused=True)


def _moving_average(decay: float) -> Average:
    """Shorter at the start, so that the average of a short fit is not that of its first steps."""

    def average(averages: Weights, weights: Weights, count: torch.Tensor | int) -> None:
        kept = min(decay, (1 + int(count)) / (10 + int(count)))
        for averaged, current in zip(averages, weights, strict=True):
            averaged.lerp_(current, 1.0 - kept)

    return average


def _learning_rate_share(step: int, steps: int, warmup_share: float) -> float:
    """Share of the peak learning rate at `step` of `steps`."""
    warmup = max(1, round(steps * warmup_share))
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (steps - step) / max(1, steps - warmup))
