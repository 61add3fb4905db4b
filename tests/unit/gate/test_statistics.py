from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest  # type: ignore[import-untyped]

from training.gate.statistics import (
    Exchange,
    excess_p_value,
    lower_bound_of_difference,
    resampled_accuracy,
    resampled_macro_f1,
)
from training.metrics import accuracy, macro_f1

labels = st.lists(st.integers(0, 4), min_size=8, max_size=60)


@given(lost=st.integers(0, 60), won=st.integers(0, 60))
def test_the_exact_test_agrees_with_the_binomial_test(lost: int, won: int) -> None:
    found = Exchange(rows=200, lost=lost, won=won).p_value
    if lost + won == 0:
        assert found == 1.0
    else:
        wanted = binomtest(lost, lost + won, alternative="greater").pvalue
        assert found == pytest.approx(wanted)


@given(
    inside_rows=st.integers(1, 60),
    share_lost=st.floats(0, 1),
    elsewhere_rows=st.integers(1, 400),
    elsewhere_lost=st.integers(0, 400),
)
def test_an_excess_of_losses_agrees_with_the_binomial_test(
    inside_rows: int, share_lost: float, elsewhere_rows: int, elsewhere_lost: int
) -> None:
    lost = round(share_lost * inside_rows)
    elsewhere = Exchange(elsewhere_rows, min(elsewhere_lost, elsewhere_rows), won=0)
    share = (elsewhere.lost + 1) / (elsewhere.rows + 2)
    expected = binomtest(lost, inside_rows, share, alternative="greater").pvalue
    assert excess_p_value(Exchange(inside_rows, lost, won=0), elsewhere) == pytest.approx(expected)


def test_the_exact_tests_hold_for_many_thousand_rows() -> None:
    few = Exchange(rows=40_000, lost=2_000, won=2_010)
    assert 0.4 < few.p_value < 0.7
    assert Exchange(rows=40_000, lost=2_300, won=2_000).p_value < 1e-5
    assert excess_p_value(Exchange(5_000, 260, won=0), few) > 0.2
    assert excess_p_value(Exchange(5_000, 400, won=0), few) < 1e-5


@given(rows=labels, seed=st.integers(0, 100))
def test_a_sample_of_each_row_once_gives_the_figures_themselves(rows: list[int], seed: int) -> None:
    targets = np.array(rows)
    answers = np.random.default_rng(seed).permutation(targets)
    once = np.ones((1, len(rows)))
    assert resampled_macro_f1(answers, targets, once)[0] == pytest.approx(
        macro_f1(answers, targets)
    )
    assert resampled_accuracy(answers, targets, once)[0] == pytest.approx(
        accuracy(answers, targets)
    )


@given(rows=labels, seed=st.integers(0, 100))
def test_the_difference_of_a_model_and_itself_is_zero(rows: list[int], seed: int) -> None:
    targets = np.array(rows)
    answers = np.random.default_rng(seed).permutation(targets)
    for statistic in (resampled_accuracy, resampled_macro_f1):
        assert lower_bound_of_difference(statistic, answers, answers, targets) == 0.0


@pytest.mark.parametrize("rows_a_label", [1, 3, 60])
def test_the_bound_covers_the_true_difference_as_often_as_it_says(rows_a_label: int) -> None:
    """Two models whose true accuracies are 0.90 and 0.85, measured on many drawn test sets."""
    chance = np.random.default_rng(2)
    targets = np.repeat(np.arange(300 // rows_a_label), rows_a_label)
    covered = 0
    for _ in range(100):
        candidate = np.where(chance.random(300) < 0.85, targets, -1)
        champion = np.where(chance.random(300) < 0.90, targets, -1)
        covered += (
            lower_bound_of_difference(resampled_accuracy, candidate, champion, targets) <= -0.05
        )
    assert 89 <= covered <= 100
