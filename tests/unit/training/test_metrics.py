"""Selective accuracy, reliability and ROC, against cases worked out by hand and by counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.metrics import (
    accuracy_at_coverage,
    area_under_roc,
    expected_calibration_error,
    reliability_bins,
    risk_coverage,
    roc_curve,
)

FEW_SCORES = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
SCORED = st.lists(st.tuples(FEW_SCORES, st.booleans()), min_size=1, max_size=40)


def split(rows: list[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    scores, flags = zip(*rows, strict=True)
    return np.array(scores, dtype=np.float32), np.array(flags)


def test_bins_hold_their_rows_and_leave_out_empty_ones() -> None:
    confidence = np.array([0.99, 0.97, 1.0, 0.35], dtype=np.float32)
    unsure, sure = reliability_bins(confidence, np.array([True, True, False, True]))
    assert (unsure.rows, unsure.accuracy) == (1, 1.0)
    assert unsure.low < 0.35 < unsure.high
    assert (sure.rows, sure.high) == (3, 1.0)
    assert sure.accuracy == pytest.approx(2 / 3)


@given(SCORED)
def test_bins_account_for_every_row(rows: list[tuple[float, bool]]) -> None:
    confidence, correct = split(rows)
    bins = reliability_bins(confidence, correct)
    assert sum(one.rows for one in bins) == len(rows)
    assert sum(one.rows * one.accuracy for one in bins) == pytest.approx(correct.sum())


def test_answers_as_sure_as_they_are_right_have_no_calibration_error() -> None:
    confidence = np.full(4, 0.75, dtype=np.float32)
    assert expected_calibration_error(confidence, np.array([True, True, True, False])) == 0.0
    assert expected_calibration_error(confidence, np.zeros(4, dtype=bool)) == 0.75


def test_the_surest_answers_come_first() -> None:
    confidence = np.array([0.2, 0.9, 0.5, 0.7], dtype=np.float32)
    coverage, accuracy = risk_coverage(confidence, np.array([False, True, False, True]))
    np.testing.assert_allclose(coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(accuracy, [1.0, 1.0, 2 / 3, 0.5])


def test_accuracy_at_coverage_takes_the_surest_share() -> None:
    confidence = np.linspace(1.0, 0.1, 10, dtype=np.float32)
    correct = np.arange(10) < 9
    assert accuracy_at_coverage(confidence, correct, 0.9) == 1.0
    assert accuracy_at_coverage(confidence, correct, 1.0) == 0.9
    assert accuracy_at_coverage(confidence, correct, 0.0) == 1.0


@given(SCORED.filter(lambda rows: len({flag for _, flag in rows}) == 2))
def test_the_area_is_the_share_of_pairs_in_the_right_order(rows: list[tuple[float, bool]]) -> None:
    pairs = [
        (good > bad) + 0.5 * (good == bad)
        for good, is_good in rows
        for bad, is_bad in rows
        if is_good and not is_bad
    ]
    assert area_under_roc(*split(rows)) == pytest.approx(np.mean(pairs))


@given(SCORED.filter(lambda rows: len({flag for _, flag in rows}) == 2))
def test_a_roc_curve_rises_from_corner_to_corner(rows: list[tuple[float, bool]]) -> None:
    alarms, hits = roc_curve(*split(rows))
    assert (alarms[0], hits[0], alarms[-1], hits[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert (np.diff(alarms) >= 0).all()
    assert (np.diff(hits) >= 0).all()


def test_a_roc_curve_of_one_class_is_an_error() -> None:
    with pytest.raises(ValueError, match="positive and negative"):
        roc_curve(np.zeros(3, dtype=np.float32), np.ones(3, dtype=bool))


def test_a_score_that_is_no_number_has_no_place_on_a_roc_curve() -> None:
    scores = np.array([0.9, np.nan, 0.1], dtype=np.float32)
    with pytest.raises(ValueError, match="scores that are numbers"):
        area_under_roc(scores, np.array([True, False, False]))
