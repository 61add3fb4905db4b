"""Chooses which dead letters to redrive; pure, and sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas import ErrorCode
from stream_app.dead_letters.letter import Letter
from stream_app.dead_letters.marks import Marks
from stream_app.topic_reader import Partition


@dataclass(frozen=True, slots=True)
class Selection:
    """What an operator asked for: some events, one code, or everything where both are empty."""

    event_ids: frozenset[str] = frozenset()
    code: ErrorCode | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing was left out."""
        return not self.event_ids and self.code is None

    def holds(self, event_id: str, code: ErrorCode) -> bool:
        """Whether a dead letter is asked for."""
        if self.event_ids and event_id not in self.event_ids:
            return False
        return self.code is None or code == self.code


@dataclass(frozen=True, slots=True)
class Entry:
    """A dead letter without its key, value and headers, so that a plan stays small."""

    event_id: str
    code: ErrorCode
    source_topic: str
    source_timestamp: int
    partition: Partition
    offset: int

    @classmethod
    def of(cls, letter: Letter) -> Entry:
        """The entry of a letter."""
        record = letter.record
        return cls(
            event_id=letter.error.event_id,
            code=letter.error.code,
            source_topic=letter.error.topic,
            source_timestamp=letter.error.timestamp,
            partition=(record.topic, record.partition),
            offset=record.offset,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send, and what to mark as redriven with each send."""

    to_send: Mapping[tuple[Partition, int], frozenset[tuple[Partition, int]]]
    """For each record to send: itself and the other copies of its event."""
    already_redriven: int
    """Events that were asked for and left alone because they were redriven before."""
    unknown: tuple[str, ...]
    """Event ids that were asked for by name and are not in the queue."""
    source_topics: frozenset[str]

    @property
    def marked(self) -> Mapping[Partition, frozenset[int]]:
        """Every offset that will be marked, by partition."""
        offsets: dict[Partition, set[int]] = {}
        for copies in self.to_send.values():
            for partition, offset in copies:
                offsets.setdefault(partition, set()).add(offset)
        return {partition: frozenset(found) for partition, found in offsets.items()}


def make_plan(
    entries: Iterable[Entry],
    selection: Selection,
    marks: Mapping[Partition, Marks],
    *,
    again: bool,
) -> Plan:
    """Choose from `entries`, which is the whole queue.

    A worker that was redelivered a record may have written its dead letter twice. An event is
    sent once, counts as redriven where any copy of it is marked, and marks all copies. Where the
    source topic was deleted and made anew, its offsets begin again, so copies must also have the
    source record's timestamp in common. `again` takes events that were redriven before as well.
    """
    events: dict[tuple[str, int], list[Entry]] = {}
    for entry in entries:
        if selection.holds(entry.event_id, entry.code):
            events.setdefault((entry.event_id, entry.source_timestamp), []).append(entry)
    chosen = {
        event: copies
        for event, copies in events.items()
        if again or not any(copy.offset in marks[copy.partition] for copy in copies)
    }
    return Plan(
        to_send={
            (copies[0].partition, copies[0].offset): frozenset(
                (copy.partition, copy.offset) for copy in copies
            )
            for copies in chosen.values()
        },
        already_redriven=len(events) - len(chosen),
        unknown=tuple(sorted(selection.event_ids - {event_id for event_id, _ in events})),
        source_topics=frozenset(copies[0].source_topic for copies in chosen.values()),
    )
