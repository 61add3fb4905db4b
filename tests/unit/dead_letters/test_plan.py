from __future__ import annotations

from schemas import ErrorCode
from stream_app.dead_letters import Marks, Selection
from stream_app.dead_letters.plan import Entry, Plan, make_plan

PARTITION = ("dlq", 0)
EVERYTHING = Selection()
UNMARKED = Marks()


def entry(
    event_id: str, offset: int, code: ErrorCode = ErrorCode.NOT_JSON, *, timestamp: int = 1
) -> Entry:
    return Entry(
        event_id=event_id,
        code=code,
        source_topic="raw",
        source_timestamp=timestamp,
        partition=PARTITION,
        offset=offset,
    )


def plan(
    entries: list[Entry],
    selection: Selection = EVERYTHING,
    marked: Marks = UNMARKED,
    *,
    again: bool = False,
) -> Plan:
    return make_plan(entries, selection, {PARTITION: marked}, again=again)


def sent(found: Plan) -> list[int]:
    return [offset for _, offset in found.to_send]


def test_everything_is_chosen_where_nothing_is_named() -> None:
    assert sent(plan([entry("a", 0), entry("b", 1)])) == [0, 1]


def test_records_of_a_topic_that_was_made_anew_are_no_copies_of_the_old_ones() -> None:
    old, new = entry("raw:0:5", 0, timestamp=1), entry("raw:0:5", 1, timestamp=2)
    assert sent(plan([old, new])) == [0, 1]
    assert sent(plan([old, new], marked=Marks.of(1, ()))) == [1]


def test_a_code_or_an_event_id_chooses() -> None:
    entries = [entry("a", 0), entry("b", 1, ErrorCode.TEXT_EMPTY), entry("c", 2)]

    assert sent(plan(entries, Selection(code=ErrorCode.TEXT_EMPTY))) == [1]
    assert sent(plan(entries, Selection(event_ids=frozenset({"a", "c"})))) == [0, 2]


def test_what_was_redriven_is_left_alone_and_counted() -> None:
    entries = [entry("a", 0), entry("b", 1), entry("c", 2)]

    found = plan(entries, marked=Marks.of(1, {2}))

    assert sent(found) == [1]
    assert found.already_redriven == 2


def test_again_takes_what_was_redriven_too() -> None:
    found = plan([entry("a", 0), entry("b", 1)], marked=Marks(2), again=True)

    assert sent(found) == [0, 1]
    assert found.already_redriven == 0


def test_an_event_written_twice_is_sent_once_and_both_copies_are_marked() -> None:
    found = plan([entry("a", 0), entry("b", 1), entry("a", 2)])

    assert sent(found) == [0, 1]
    assert found.marked == {PARTITION: {0, 1, 2}}


def test_a_copy_of_an_event_that_was_redriven_is_not_sent() -> None:
    assert sent(plan([entry("a", 0), entry("a", 5)], marked=Marks(1))) == []


def test_event_ids_that_are_not_in_the_queue_are_named() -> None:
    found = plan([entry("a", 0)], Selection(event_ids=frozenset({"a", "z"})))

    assert found.unknown == ("z",)
