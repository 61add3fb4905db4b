"""Acks leave the tracker in the order of the takes, whatever the order of the finishes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.worker.offset_tracker import OffsetTracker


@given(order=st.permutations(range(12)))
def test_batches_are_released_in_the_order_they_were_taken(order: list[int]) -> None:
    tracker: OffsetTracker[int] = OffsetTracker()
    entries = [tracker.take(number) for number in range(12)]
    released: list[int] = []
    for number in order:
        released += tracker.finish(entries[number])
    assert released == list(range(12))
    assert len(tracker) == 0


@given(order=st.permutations(range(10)), missing=st.integers(0, 9))
def test_nothing_behind_an_unfinished_batch_is_released(order: list[int], missing: int) -> None:
    tracker: OffsetTracker[int] = OffsetTracker()
    entries = [tracker.take(number) for number in range(10)]
    released: list[int] = []
    for number in order:
        if number != missing:
            released += tracker.finish(entries[number])
    assert released == list(range(missing))
    assert len(tracker) == 10 - missing


@given(steps=st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=60))
def test_takes_and_finishes_in_any_interleaving_keep_the_order(steps: list[int | None]) -> None:
    tracker: OffsetTracker[int] = OffsetTracker()
    taken = 0
    open_entries = []
    released: list[int] = []
    for step in steps:
        if step is None:
            open_entries.append(tracker.take(taken))
            taken += 1
        elif step < len(open_entries):
            released += tracker.finish(open_entries.pop(step))
    assert released == list(range(len(released)))
    assert len(released) + len(tracker) == taken


def test_finishing_twice_is_an_error() -> None:
    tracker: OffsetTracker[str] = OffsetTracker()
    entry = tracker.take("batch")
    tracker.finish(entry)
    with pytest.raises(ValueError, match="once"):
        tracker.finish(entry)
