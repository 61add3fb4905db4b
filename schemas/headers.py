"""Header names of the triaged records; CloudEvents 1.0 Kafka binding, binary content mode.

Source: CloudEvents "Kafka Protocol Binding" 1.0.2, section 3.2: attributes become headers with
the prefix `ce_`, the value is the data, `content-type` is its media type. The decision's flags
are extension attributes, so that a consumer can filter without parsing the value.
"""

from __future__ import annotations

from enum import StrEnum

from schemas.triaged_ticket import TriagedTicket

SPEC_VERSION = "1.0"
EVENT_TYPE = "ticket.triaged.v1"
CONTENT_TYPE = "application/json"

TRACE_HEADERS = frozenset({"traceparent", "tracestate"})
"""W3C Trace Context headers; carried from the raw record to its outcome unchanged."""


class EventHeader(StrEnum):
    """Headers of a triaged record."""

    SPEC_VERSION = "ce_specversion"
    ID = "ce_id"
    SOURCE = "ce_source"
    TYPE = "ce_type"
    TIME = "ce_time"
    SUBJECT = "ce_subject"
    CONTENT_TYPE = "content-type"
    QUEUE = "ce_queue"
    INTENT = "ce_intent"
    CATEGORY = "ce_category"
    PRIORITY = "ce_priority"
    CONFIDENCE = "ce_confidence"
    URGENT = "ce_urgent"
    TOXIC = "ce_toxic"
    NEEDS_REVIEW = "ce_needsreview"
    REVIEW_REASONS = "ce_reviewreasons"
    AUDIT = "ce_audit"
    DEGRADED = "ce_degraded"
    MODEL_DIGEST = "ce_modeldigest"


_NAMES = {header: header.value for header in EventHeader}
"""Plain strings: the Kafka client takes no subclass, and reading `value` each time is slow."""


def event_headers(ticket: TriagedTicket) -> list[tuple[str, bytes]]:
    """The headers of a triaged ticket, without the carried trace headers."""
    source = f"/{ticket.source.topic}/{ticket.source.partition}" if ticket.source else "/local"
    values = {
        EventHeader.SPEC_VERSION: SPEC_VERSION,
        EventHeader.ID: ticket.event_id,
        EventHeader.SOURCE: source,
        EventHeader.TYPE: EVENT_TYPE,
        EventHeader.TIME: ticket.decided_at.isoformat(),
        EventHeader.SUBJECT: ticket.ticket_id,
        EventHeader.CONTENT_TYPE: CONTENT_TYPE,
        EventHeader.QUEUE: ticket.queue.value,
        EventHeader.INTENT: ticket.intent,
        EventHeader.CATEGORY: ticket.category,
        EventHeader.PRIORITY: ticket.priority.value,
        EventHeader.CONFIDENCE: f"{ticket.confidence:.4f}",
        EventHeader.URGENT: _flag(ticket.urgent),
        EventHeader.TOXIC: _flag(ticket.toxic),
        EventHeader.NEEDS_REVIEW: _flag(ticket.needs_review),
        EventHeader.REVIEW_REASONS: ",".join(ticket.review_reasons),
        EventHeader.AUDIT: _flag(ticket.audit),
        EventHeader.DEGRADED: _flag(ticket.degraded),
        EventHeader.MODEL_DIGEST: ticket.model.digest,
    }
    return [(_NAMES[header], value.encode()) for header, value in values.items()]


def _flag(value: bool) -> str:
    return "true" if value else "false"
