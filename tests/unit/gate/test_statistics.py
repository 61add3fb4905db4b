from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, mannwhitneyu  # type: ignore[import-untyped]

from training.gate.statistics import (
    Exchange,
    auroc,
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


@given(
    inside=st.lists(st.integers(0, 9), min_size=1, max_size=30),
    outside=st.lists(st.integers(0, 9), min_size=1, max_size=30),
)
def test_auroc_agrees_with_mann_whitney_also_on_ties(inside: list[int], outside: list[int]) -> None:
    found = auroc(np.array(inside, dtype=np.float32), np.array(outside, dtype=np.float32))
    wanted = mannwhitneyu(inside, outside).statistic / (len(inside) * len(outside))
    assert found == pytest.approx(wanted)


def test_auroc_of_one_side_alone_is_refused() -> None:
    empty = np.empty(0, dtype=np.float32)
    with pytest.raises(ValueError, match="both sides"):
        auroc(np.ones(3, dtype=np.float32), empty)


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


def test_the_bound_covers_the_true_difference_as_often_as_it_says() -> None:
    """Two models whose true accuracies are 0.90 and 0.85, measured on many drawn test sets."""
    chance = np.random.default_rng(2)
    targets = np.repeat(np.arange(5), 60)
    covered = 0
    for _ in range(100):
        candidate = np.where(chance.random(300) < 0.85, targets, -1)
        champion = np.where(chance.random(300) < 0.90, targets, -1)
        covered += (
            lower_bound_of_difference(resampled_accuracy, candidate, champion, targets) <= -0.05
        )
    assert 89 <= covered <= 100
