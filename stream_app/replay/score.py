"""Counts what came back and scores it; pure, knows neither Kafka nor a clock.

An independent view: it works from what was sent and from the output records alone, never from
the worker's own metrics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from pydantic import BaseModel, ConfigDict

from schemas import ModelReference, Queue

DEAD_LETTER_QUEUE = "dlq"


class Latency(BaseModel):
    """Milliseconds from a raw record's timestamp to its outcome's timestamp."""

    model_config = ConfigDict(frozen=True)

    p50: float
    p99: float


class ReplayReport(BaseModel):
    """What `tickets replay --json` prints; the keys are stable."""

    model_config = ConfigDict(frozen=True)

    data: str
    records: int
    routed: dict[str, int]
    dead_lettered: int
    lost: int
    duplicates: int
    in_several_queues: int
    accuracy: float
    macro_f1: float
    throughput_per_s: float
    latency_ms: Latency | None
    model: ModelReference | None

    @property
    def conserved(self) -> bool:
        """Every record has exactly one outcome, not counting redelivered copies of it."""
        ended = sum(self.routed.values()) + self.dead_lettered
        return self.lost == 0 and self.in_several_queues == 0 and ended == self.records


@dataclass(frozen=True, slots=True)
class Result:
    """One output record. `queue` is a queue or `DEAD_LETTER_QUEUE`; times are in milliseconds."""

    event_id: str
    ticket_id: str
    queue: str
    intent: str | None
    timestamp: int


@dataclass
class Tally:
    """Collects results until every sent ticket has one."""

    intents: Mapping[str, str]
    """The true intent of each ticket id that is sent."""

    first: dict[str, Result] = field(default_factory=dict)
    """The first result of each ticket id."""

    duplicates: int = 0
    _queues: dict[str, set[str]] = field(default_factory=dict)

    def add(self, result: Result) -> bool:
        """Count one output record; False where it belongs to no ticket of this replay."""
        if result.ticket_id not in self.intents:
            return False
        self._queues.setdefault(result.event_id, set()).add(result.queue)
        if result.ticket_id in self.first:
            self.duplicates += 1
        else:
            self.first[result.ticket_id] = result
        return True

    @property
    def complete(self) -> bool:
        """Every sent ticket has a result."""
        return len(self.first) == len(self.intents)

    @property
    def routed(self) -> dict[str, int]:
        """Tickets by queue, first results only."""
        counts = Counter(result.queue for result in self.first.values())
        return {queue.value: counts[queue.value] for queue in Queue}

    def report(
        self,
        *,
        data: str,
        sent_at: Mapping[str, int],
        seconds: float,
        model: ModelReference | None,
    ) -> ReplayReport:
        """The figures. `sent_at` holds each raw record's timestamp in milliseconds.

        A lost or dead-lettered ticket counts as answered wrongly.
        """
        answers = {ticket: result.intent for ticket, result in self.first.items()}
        truth = list(self.intents.values())
        predicted = [answers.get(ticket) or "" for ticket in self.intents]
        waits = [result.timestamp - sent_at[ticket] for ticket, result in self.first.items()]
        return ReplayReport(
            data=data,
            records=len(self.intents),
            routed=self.routed,
            dead_lettered=sum(result.queue == DEAD_LETTER_QUEUE for result in self.first.values()),
            lost=len(self.intents) - len(self.first),
            duplicates=self.duplicates,
            in_several_queues=sum(len(queues) > 1 for queues in self._queues.values()),
            accuracy=round(accuracy(truth, predicted), 4),
            macro_f1=round(macro_f1(truth, predicted), 4),
            throughput_per_s=round(len(self.first) / seconds, 1) if seconds > 0 else 0.0,
            latency_ms=(
                Latency(
                    p50=round(float(np.percentile(waits, 50)), 1),
                    p99=round(float(np.percentile(waits, 99)), 1),
                )
                if waits
                else None
            ),
            model=model,
        )


def accuracy(truth: list[str], predicted: list[str]) -> float:
    """Share of equal pairs; 0 for no pairs."""
    hits = sum(a == b for a, b in zip(truth, predicted, strict=True))
    return hits / len(truth) if truth else 0.0


def macro_f1(truth: list[str], predicted: list[str]) -> float:
    """Mean F1 over the labels of `truth`, each label with the same weight; 0 for no pairs."""
    hits = Counter(a for a, b in zip(truth, predicted, strict=True) if a == b)
    actual, claimed = Counter(truth), Counter(predicted)
    scores = [2 * hits[label] / (actual[label] + claimed[label]) for label in actual]
    return sum(scores) / len(scores) if scores else 0.0
