"""Output records as a worker writes them, for records of the demo's own."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas import (
    ErrorCode,
    Finding,
    Guardrail,
    IntentScore,
    ModelReference,
    Priority,
    Queue,
    Severity,
    TriagedTicket,
)
from stream_app.demo.arrivals import Arrival
from stream_app.demo.outcome import Outcome, read_outcome
from stream_app.messages import Record, Refusal, dead_letter_record
from stream_app.settings import TopicSettings

TOPICS = TopicSettings()


def flag(guardrail: Guardrail, rule: str, severity: Severity = Severity.FLAG) -> Finding:
    return Finding(guardrail=guardrail, rule=rule, severity=severity)


def decided(
    queue: Queue,
    *findings: Finding,
    key: str = "T-1",
    text: str = "hello",
    toxic: bool = False,
    audit: bool = False,
    version: str = "1",
) -> TriagedTicket:
    return TriagedTicket(
        event_id="tickets.raw:0:1",
        ticket_id=key,
        text=text,
        queue=queue,
        intent="lost_or_stolen_card",
        category="Account/Login",
        priority=Priority.HIGH,
        confidence=0.97,
        alternatives=[IntentScore(intent="lost_or_stolen_card", confidence=0.97)],
        urgent=queue is Queue.PRIORITY,
        toxic=toxic,
        needs_review=queue is Queue.REVIEW and not audit,
        audit=audit,
        findings=list(findings),
        model=ModelReference(name="starter", version=version, digest="sha256:" + "0" * 64),
        rules_version="1",
        policy_version="1",
        decided_at=datetime(2026, 1, 20, tzinfo=UTC),
    )


def routed(ticket: TriagedTicket, *, at_ms: int = 0) -> Outcome:
    return Outcome(ticket.queue.value, at_ms, ticket.ticket_id.encode(), ticket, None)


def dead(arrival: Arrival, *, value: bytes | None = None, key: bytes | None = None) -> Outcome:
    """The dead letter of `arrival`; `value` and `key` replace its own."""
    record = Record(
        TOPICS.raw, 0, 1, 1, key or arrival.key, value or arrival.value, arrival.headers
    )
    letter = dead_letter_record(TOPICS.dlq, record, Refusal(ErrorCode.NOT_JSON, "no JSON"))
    return read_outcome(
        Record(letter.topic, 0, 0, 1, letter.key, letter.value, tuple(letter.headers)), TOPICS
    )
