from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_app.dead_letters import Marks

OFFSETS = st.sets(st.integers(min_value=0, max_value=200))


@given(OFFSETS, OFFSETS, st.integers(min_value=0, max_value=50))
def test_marks_hold_exactly_what_was_added(first: set[int], second: set[int], start: int) -> None:
    marks = Marks.of(start, first).adding(second)

    assert {offset for offset in range(250) if offset in marks} == (
        set(range(start)) | first | second
    )


@given(OFFSETS, st.integers(min_value=0, max_value=50))
def test_a_commit_gives_back_the_marks_that_were_written(beyond: set[int], start: int) -> None:
    marks = Marks.of(start, beyond)

    assert Marks.read(marks.committed, marks.metadata, beginning=0) == marks


@given(OFFSETS, st.integers(min_value=0, max_value=220))
def test_marks_of_records_that_are_gone_are_dropped(beyond: set[int], beginning: int) -> None:
    marks = Marks.of(0, beyond)

    found = Marks.read(marks.committed, marks.metadata, beginning=beginning)

    assert found.committed >= beginning
    assert all((offset in found) == (offset in marks) for offset in range(beginning, 250))


def test_ranges_are_written_short() -> None:
    assert Marks.of(10, {13, 14, 15, 19}).metadata == "redriven:3-5,9"
    assert Marks.of(10, {10, 11, 12}) == Marks(13)
    assert Marks(13).metadata == ""


def test_a_foreign_text_beside_a_commit_is_ignored() -> None:
    assert Marks.read(7, "someone's note", beginning=0) == Marks(7)


def test_marks_too_scattered_for_a_commit_are_known_as_such() -> None:
    assert Marks.of(0, range(2, 1_000, 2)).fits
    assert not Marks.of(0, range(2, 10_000, 2)).fits
    assert Marks.of(0, range(2, 100_000)).fits


@given(OFFSETS, st.integers(min_value=0, max_value=250))
def test_what_is_passed_over_is_marked_and_nothing_behind_it(marked: set[int], before: int) -> None:
    marks = Marks.of(0, marked).passing_over(before)

    assert {offset for offset in range(300) if offset in marks} == set(range(before)) | marked
