"""Worst pairs, weakest intents and slices are the ones that a count by hand gives."""

import pytest

from tests.unit.training.report.subjects import HOURS, LABELS, LOST, STOLEN, evidence
from training.report.findings import (
    LEAST_SLICE,
    category_rocs,
    interval,
    slices,
    weakest_intents,
    worst_pairs,
)

RIGHT = [(STOLEN, STOLEN, 0.9), (LOST, LOST, 0.9), (HOURS, HOURS, 0.9)]


def test_pairs_are_sorted_by_their_mistakes_and_name_the_surest_first() -> None:
    measured = evidence(
        [
            *RIGHT,
            (STOLEN, LOST, 0.6),
            (STOLEN, LOST, 0.8),
            (LOST, STOLEN, 0.7),
        ]
    )
    first, second = worst_pairs(measured, most=5)
    assert (first.target, first.answer, first.rows, first.of) == (STOLEN, LOST, (4, 3), 3)
    assert (second.target, second.answer, second.rows, second.of) == (LOST, STOLEN, (5,), 2)
    assert worst_pairs(measured, most=1) == [first]


def test_a_perfect_model_has_neither_pairs_nor_weak_intents() -> None:
    assert worst_pairs(evidence(RIGHT), most=5) == []
    assert weakest_intents(evidence(RIGHT), most=5) == []


def test_an_intent_that_is_never_answered_has_no_precision() -> None:
    measured = evidence([(STOLEN, LOST, 0.9), (LOST, LOST, 0.9), (HOURS, HOURS, 0.9)])
    (weakest,) = weakest_intents(measured, most=5)
    assert (weakest.label, weakest.rows, weakest.recall) == (STOLEN, 1, 0.0)
    assert weakest.precision is None


def test_slices_count_each_row_once_in_each_dimension() -> None:
    measured = evidence([*RIGHT, (STOLEN, LOST, 0.6)] * LEAST_SLICE, tokens=9)
    found = {(one.dimension, one.name): one for one in slices(measured, LABELS)}
    assert set(found) == {
        ("category", "Branches"),
        ("category", "Cards"),
        ("priority", "low"),
        ("priority", "high"),
        ("length", "9 to 16 tokens"),
    }
    cards = found["category", "Cards"]
    assert cards.rows == 3 * LEAST_SLICE
    assert cards.accuracy == pytest.approx(2 / 3)
    assert cards.low < cards.accuracy < cards.high


def test_small_slices_are_left_out() -> None:
    assert slices(evidence(RIGHT), LABELS) == []


def test_the_interval_narrows_with_more_rows() -> None:
    few, many = interval(0.9, 50), interval(0.9, 5_000)
    assert few[0] < many[0] < 0.9 < many[1] < few[1]


def test_a_category_that_always_stands_out_has_the_full_area() -> None:
    curves = category_rocs(evidence(RIGHT), LABELS)
    assert [(curve.category, curve.rows) for curve in curves] == [("Branches", 1), ("Cards", 2)]
    assert [curve.area for curve in curves] == [1.0, 1.0]


def test_one_category_alone_has_no_curve() -> None:
    measured = evidence([(STOLEN, STOLEN, 0.9), (LOST, LOST, 0.9)])
    assert category_rocs(measured, LABELS) == []
