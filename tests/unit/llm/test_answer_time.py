"""What is expected of a server follows what it did, within a bound."""

from __future__ import annotations

import pytest

from stream_app.llm.answer_time import AnswerTime


def test_it_comes_to_what_the_answers_take() -> None:
    time = AnswerTime(most_s=1.6)
    assert time.expected_s == 0
    for _ in range(30):
        time.took(0.5)
    assert time.expected_s == pytest.approx(0.5, abs=0.01)


def test_a_wait_in_vain_raises_it_and_never_lowers_it() -> None:
    time = AnswerTime(most_s=1.6)
    for _ in range(30):
        time.took(0.5)
    time.not_within(0.1)
    assert time.expected_s == pytest.approx(0.5, abs=0.01)
    for _ in range(30):
        time.not_within(1.2)
    assert time.expected_s == pytest.approx(1.2, abs=0.01)


def test_it_stays_below_its_bound() -> None:
    time = AnswerTime(most_s=1.6)
    for _ in range(30):
        time.not_within(9.0)
    assert time.expected_s == 1.6
