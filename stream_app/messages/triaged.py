"""Puts a ticket and its decision together into the contract of the queues."""

from __future__ import annotations

import uuid
from datetime import datetime

from schemas import (
    MAX_IDENTIFIER_CHARACTERS,
    IntentScore,
    ModelReference,
    RawTicket,
    SourcePosition,
    TriagedTicket,
)
from stream_app.messages.record import Record
from stream_app.triage import Decision


def local_event_id() -> str:
    """An event id for a ticket that came from no topic."""
    return f"local:{uuid.uuid4()}"


def triaged_ticket(
    ticket: RawTicket,
    decision: Decision,
    *,
    model: ModelReference,
    rules_version: str,
    policy_version: str,
    decided_at: datetime,
    record: Record | None = None,
) -> TriagedTicket:
    """The message for the ticket's queue.

    Without a `ticket_id` of its own the ticket takes the record's key, where that could be one,
    then the event id.
    """
    event_id = record.event_id if record else local_event_id()
    key = _identifier(record.key) if record and record.key else None
    top = decision.prediction.top
    return TriagedTicket(
        event_id=event_id,
        ticket_id=ticket.ticket_id or key or event_id,
        text=ticket.text,
        subject=ticket.subject,
        channel=ticket.channel,
        customer_id=ticket.customer_id,
        created_at=ticket.created_at,
        attributes=ticket.attributes,
        queue=decision.queue,
        intent=decision.prediction.label.intent,
        category=decision.prediction.label.category,
        priority=decision.routing.priority,
        confidence=round(decision.prediction.confidence, 4),
        alternatives=[
            IntentScore(intent=label.intent, confidence=round(score, 4)) for label, score in top
        ],
        urgent=decision.routing.urgent,
        toxic=decision.routing.toxic,
        needs_review=decision.routing.needs_review,
        review_reasons=list(decision.review_reasons),
        audit=decision.audit,
        degraded=decision.degraded,
        llm=decision.llm,
        findings=list(decision.findings),
        model=model,
        rules_version=rules_version,
        policy_version=policy_version,
        source=(
            SourcePosition(topic=record.topic, partition=record.partition, offset=record.offset)
            if record
            else None
        ),
        decided_at=decided_at,
    )


def _identifier(key: bytes) -> str | None:
    """The key as text, unless it breaks what `RawTicket.ticket_id` promises."""
    text = key.decode(errors="replace")
    return None if len(text) > MAX_IDENTIFIER_CHARACTERS or "\x00" in text else text
