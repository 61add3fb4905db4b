"""Training batches: every row once an epoch, rows of a batch of like length."""

import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.fit import _moving_average, length_bucketed


@given(st.lists(st.integers(1, 128)), st.integers(1, 40), st.integers())
def test_an_epoch_sees_every_row_once(lengths: list[int], batch_rows: int, seed: int) -> None:
    batches = list(length_bucketed(lengths, batch_rows, random.Random(seed)))
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= batch_rows for batch in batches)


def test_batches_waste_little_padding_and_differ_between_epochs() -> None:
    chance = random.Random(1)
    lengths = [chance.randint(4, 80) for _ in range(4_096)]
    first, second = (list(length_bucketed(lengths, 32, chance)) for _ in range(2))
    padded = sum(len(batch) * max(lengths[row] for row in batch) for batch in first)
    assert padded < 1.1 * sum(lengths)
    assert first != second


def test_the_configured_average_is_reached_within_a_thousand_steps() -> None:
    """A fit on some thousand rows takes about 2,400; a ramp longer than that ignores the recipe."""
    average = _moving_average(0.998)
    zero, one = torch.zeros(1), torch.ones(1)
    assert average(zero, one, 1_000).item() == pytest.approx(0.002)
    assert average(zero, one, 100).item() > 0.015
