"""Makes dead letters and triaged tickets as the worker writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas import ErrorCode, ModelReference, Priority, Queue, TriagedTicket
from stream_app.messages import (
    OutgoingRecord,
    Record,
    Refusal,
    dead_letter_record,
    triaged_record,
)
from stream_app.settings import TopicSettings

HEADERS: tuple[tuple[str, bytes | None], ...] = (("traceparent", b"00-ab"), ("empty", None))


def dead_letter(
    topics: TopicSettings,
    offset: int,
    *,
    value: bytes | None = b"{broken",
    key: bytes | None = b"T-1",
    code: ErrorCode = ErrorCode.NOT_JSON,
) -> OutgoingRecord:
    source = Record(topics.raw, 0, offset, 1_700_000_000_000, key, value, HEADERS)
    return dead_letter_record(topics.dlq, source, Refusal(code, "what is wrong with it"))


def triaged(topics: TopicSettings, offset: int, text: str = "My card was stolen") -> OutgoingRecord:
    source = Record(topics.raw, 0, offset, 1_700_000_000_000, b"T-1", b"", ())
    ticket = TriagedTicket(
        event_id=source.event_id,
        ticket_id=f"T-{offset}",
        text=text,
        queue=Queue.PRIORITY,
        intent="lost_or_stolen_card",
        category="Account/Login",
        priority=Priority.HIGH,
        confidence=0.97,
        alternatives=[],
        urgent=True,
        toxic=False,
        needs_review=False,
        findings=[],
        model=ModelReference(name="m", version="1", digest=f"sha256:{'0' * 64}"),
        rules_version="1",
        policy_version="1",
        decided_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return triaged_record(topics.priority, ticket, source)
