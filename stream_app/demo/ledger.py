"""Holds what was sent against what came out, and says whether the two balance; pure.

It works from the records alone, never from the worker's own metrics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from schemas import ModelReference, Queue
from stream_app.demo.arrivals import Arrival, Kind
from stream_app.demo.outcome import Outcome
from stream_app.messages import OutgoingRecord
from stream_app.replay.score import DEAD_LETTER_QUEUE


class KindReport(BaseModel):
    """What became of the records of one kind.

    `as_meant` counts those that ended where the author of the record wants them; None for
    ordinary tickets, about which the file says no more than that.
    """

    model_config = ConfigDict(frozen=True)

    sent: int
    routed: dict[str, int]
    dead_lettered: int
    as_meant: int | None


class Miss(BaseModel):
    """An urgent, abusive or broken record that ended elsewhere; `queue` is None where lost."""

    model_config = ConfigDict(frozen=True)

    ticket_id: str
    kind: Kind
    queue: str | None


class ModelUse(BaseModel):
    """What one model decided; `review` counts the tickets that it was too unsure of."""

    model_config = ConfigDict(frozen=True)

    model: ModelReference
    decided: int
    review: int


class Change(BaseModel):
    """The moment at which another model took over.

    `gap_ms` lies between the first result of the new model and the last one before it.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    model: ModelReference
    gap_ms: int


class Conservation(BaseModel):
    """The balance of one run; the keys are stable.

    `duplicates` counts copies after the first outcome of a record, `unexpected` outcomes of
    records that were never sent.
    """

    model_config = ConfigDict(frozen=True)

    sent: int
    routed: dict[str, int]
    dead_lettered: int
    lost: int
    duplicates: int
    unexpected: int
    dead_letters_intact: int
    by_kind: dict[str, KindReport]
    misses: list[Miss]
    models: list[ModelUse]
    changes: list[Change]

    @property
    def holds(self) -> bool:
        """Every record has exactly one outcome, and every dead letter is what was sent."""
        return (
            self.sent == sum(self.routed.values()) + self.dead_lettered
            and self.lost == self.duplicates == self.unexpected == 0
            and self.dead_letters_intact == self.dead_lettered
        )


class Ledger:
    """Collects the outcomes of `arrivals`, each known by its record key."""

    def __init__(self, arrivals: Sequence[Arrival], raw_topic: str) -> None:
        self._raw_topic = raw_topic
        self._sent = {arrival.key: arrival for arrival in arrivals}
        if len(self._sent) != len(arrivals):
            raise ValueError("two arrivals share one key")
        self._first: dict[bytes | None, Outcome] = {}
        self._duplicates = 0
        self._unexpected = 0

    @property
    def complete(self) -> bool:
        """Every record has an outcome."""
        return len(self._first) == len(self._sent)

    def add(self, outcome: Outcome) -> bool:
        """Enter one outcome; False where it is a copy or of a record that was never sent."""
        if outcome.key not in self._sent:
            self._unexpected += 1
            return False
        if outcome.key in self._first:
            self._duplicates += 1
            return False
        self._first[outcome.key] = outcome
        return True

    def first_outcome(self, key: bytes | None) -> Outcome | None:
        """The first outcome of a record; None where it has none."""
        return self._first.get(key)

    def balance(self) -> Conservation:
        """The figures as of now."""
        outcomes = list(self._first.values())
        routed = _by_queue(outcomes)
        dead = [outcome for outcome in outcomes if outcome.queue == DEAD_LETTER_QUEUE]
        return Conservation(
            sent=len(self._sent),
            routed=routed,
            dead_lettered=len(dead),
            lost=len(self._sent) - len(outcomes),
            duplicates=self._duplicates,
            unexpected=self._unexpected,
            dead_letters_intact=sum(self._is_intact(outcome) for outcome in dead),
            by_kind={kind.value: self._of_kind(kind) for kind in Kind},
            misses=[
                Miss(
                    ticket_id=_name(arrival.key),
                    kind=arrival.kind,
                    queue=outcome.queue if outcome else None,
                )
                for arrival, outcome in self._pairs()
                if arrival.kind in (Kind.URGENT, Kind.ABUSIVE, Kind.BROKEN)
                and not _is_as_meant(arrival.kind, outcome)
            ],
            models=_models(outcomes),
            changes=_changes(outcomes),
        )

    def _pairs(self) -> list[tuple[Arrival, Outcome | None]]:
        return [(arrival, self._first.get(key)) for key, arrival in self._sent.items()]

    def _of_kind(self, kind: Kind) -> KindReport:
        pairs = [pair for pair in self._pairs() if pair[0].kind is kind]
        outcomes = [outcome for _, outcome in pairs if outcome is not None]
        return KindReport(
            sent=len(pairs),
            routed=_by_queue(outcomes),
            dead_lettered=sum(outcome.queue == DEAD_LETTER_QUEUE for outcome in outcomes),
            as_meant=(
                None
                if kind is Kind.ORDINARY
                else sum(_is_as_meant(kind, outcome) for _, outcome in pairs)
            ),
        )

    def _is_intact(self, outcome: Outcome) -> bool:
        """Key, value and headers as they were sent, in the same order."""
        sent = self._sent[outcome.key]
        return outcome.letter is not None and outcome.letter.original() == OutgoingRecord(
            topic=self._raw_topic, key=sent.key, value=sent.value, headers=list(sent.headers)
        )


def _is_unsure(outcome: Outcome) -> bool:
    """In review for a doubt: the audit draws others too."""
    in_doubt = outcome.ticket is not None and outcome.ticket.needs_review
    return in_doubt and outcome.queue == Queue.REVIEW


def _models(outcomes: Sequence[Outcome]) -> list[ModelUse]:
    """In the order in which they first decided."""
    by_model: dict[ModelReference, list[Outcome]] = {}
    for outcome in sorted(outcomes, key=lambda outcome: outcome.at_ms):
        if outcome.ticket is not None:
            by_model.setdefault(outcome.ticket.model, []).append(outcome)
    return [
        ModelUse(
            model=model,
            decided=len(decided),
            review=sum(_is_unsure(outcome) for outcome in decided),
        )
        for model, decided in by_model.items()
    ]


def _changes(outcomes: Sequence[Outcome]) -> list[Change]:
    changes: list[Change] = []
    seen: set[ModelReference] = set()
    before: int | None = None
    for outcome in sorted(outcomes, key=lambda outcome: outcome.at_ms):
        if outcome.ticket is not None and outcome.ticket.model not in seen:
            seen.add(outcome.ticket.model)
            if len(seen) > 1 and before is not None:
                changes.append(
                    Change(
                        at=datetime.fromtimestamp(outcome.at_ms / 1000, UTC),
                        model=outcome.ticket.model,
                        gap_ms=outcome.at_ms - before,
                    )
                )
        before = outcome.at_ms
    return changes


def _by_queue(outcomes: Sequence[Outcome]) -> dict[str, int]:
    counts = Counter(outcome.queue for outcome in outcomes)
    return {queue.value: counts[queue.value] for queue in Queue}


def _is_as_meant(kind: Kind, outcome: Outcome | None) -> bool:
    if outcome is None:
        return False
    match kind:
        case Kind.URGENT:
            return outcome.queue == Queue.PRIORITY
        case Kind.ABUSIVE:
            # One that is urgent as well belongs in priority, with its abuse still flagged.
            return (
                outcome.ticket is not None
                and outcome.ticket.toxic
                and outcome.queue in (Queue.TOXIC, Queue.PRIORITY)
            )
        case Kind.UNCLEAR:
            return outcome.queue == Queue.REVIEW
        case Kind.ORDINARY:
            return outcome.queue != DEAD_LETTER_QUEUE
        case Kind.BROKEN:
            return outcome.queue == DEAD_LETTER_QUEUE


def _name(key: bytes | None) -> str:
    return key.decode() if key is not None else "(no key)"
