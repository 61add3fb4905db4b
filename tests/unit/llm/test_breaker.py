"""The breaker opens on failures in a row, tries one question after the pause, and closes on it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.llm.breaker import Admission, Breaker, BreakerState


def entered(breaker: Breaker, now: float) -> Admission:
    admission = breaker.enter(now)
    assert admission is not None
    return admission


def opened(at: float) -> Breaker:
    breaker = Breaker(failures=2, pause_s=10.0)
    for _ in range(2):
        breaker.failed(entered(breaker, at), at)
    return breaker


def test_it_opens_after_failures_in_a_row_alone() -> None:
    breaker = Breaker(failures=2, pause_s=10.0)
    breaker.failed(entered(breaker, 0.0), 0.0)
    breaker.succeeded(entered(breaker, 1.0))
    breaker.failed(entered(breaker, 2.0), 2.0)
    assert breaker.state(2.0) is BreakerState.CLOSED
    breaker.failed(entered(breaker, 3.0), 3.0)
    assert breaker.state(3.0) is BreakerState.OPEN
    assert breaker.enter(12.9) is None


def test_after_the_pause_one_question_tries_the_server() -> None:
    breaker = opened(at=0.0)
    assert breaker.state(10.0) is BreakerState.HALF_OPEN
    admission = entered(breaker, 10.0)
    assert breaker.suspended(10.0)
    breaker.succeeded(admission)
    assert breaker.state(10.0) is BreakerState.CLOSED


def test_a_failed_try_opens_it_for_another_pause() -> None:
    breaker = opened(at=0.0)
    breaker.failed(entered(breaker, 10.0), 12.0)
    assert breaker.state(21.9) is BreakerState.OPEN
    assert breaker.state(22.0) is BreakerState.HALF_OPEN


def test_a_cancelled_try_leaves_room_for_the_next() -> None:
    breaker = opened(at=0.0)
    breaker.left(entered(breaker, 10.0))
    assert not breaker.suspended(10.0)


def test_what_was_asked_before_it_opened_does_not_end_the_try() -> None:
    breaker = Breaker(failures=1, pause_s=10.0)
    early, late = entered(breaker, 0.0), entered(breaker, 0.0)
    breaker.failed(early, 0.0)
    trying = entered(breaker, 10.0)
    breaker.succeeded(late)
    assert breaker.state(10.0) is BreakerState.HALF_OPEN
    assert breaker.suspended(10.0)
    breaker.succeeded(trying)
    assert not breaker.suspended(10.0)


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.sampled_from(["succeeded", "failed", "left"]))))
def test_it_never_stays_shut_once_every_question_ended(steps: list[tuple[float, str]]) -> None:
    breaker = Breaker(failures=3, pause_s=10.0)
    now = 0.0
    for pause, end in steps:
        now += pause
        admission = breaker.enter(now)
        if admission is None:
            continue
        if end == "succeeded":
            breaker.succeeded(admission)
        elif end == "failed":
            breaker.failed(admission, now)
        else:
            breaker.left(admission)
    # A little later than the pause ends, since the sum of two floats may fall short of it.
    assert not breaker.suspended(now + 10.001)
