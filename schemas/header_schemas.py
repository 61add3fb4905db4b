"""JSON Schemas of the record headers, as UTF-8 text by header name; reads no record.

Headers that the schemas do not name may stand beside the named ones: trace headers on triaged
records, the source record's own on dead letters.
"""

from __future__ import annotations

from typing import Any

from schemas.dead_letter import DeadLetter, DeadLetterHeader, ErrorCode
from schemas.headers import CONTENT_TYPE, EVENT_TYPE, SPEC_VERSION, EventHeader
from schemas.triaged_ticket import Priority, Queue

_FLAG = {"type": "string", "enum": ["true", "false"]}
_TEXT = {"type": "string"}
_COUNT = {"type": "string", "pattern": "^[0-9]+$"}


def triaged_headers_schema() -> dict[str, Any]:
    """Headers of the records in the four queues: CloudEvents attributes and the decision."""
    h = EventHeader
    properties: dict[str, dict[str, Any]] = {
        h.SPEC_VERSION: {
            "type": "string",
            "const": SPEC_VERSION,
            "description": "Version of CloudEvents.",
        },
        h.ID: _TEXT | {"description": "`event_id`; the same for a redelivered source record."},
        h.SOURCE: {
            "type": "string",
            "format": "uri-reference",
            "description": "Source topic and partition.",
            "examples": ["/tickets.raw/3"],
        },
        h.TYPE: {"type": "string", "const": EVENT_TYPE, "description": "Kind of the event."},
        h.TIME: {
            "type": "string",
            "format": "date-time",
            "description": "When the decision was made.",
        },
        h.SUBJECT: _TEXT | {"description": "`ticket_id`."},
        h.CONTENT_TYPE: {
            "type": "string",
            "const": CONTENT_TYPE,
            "description": "Media type of the value.",
        },
        h.QUEUE: _one_of(Queue) | {"description": "The queue that the ticket was sent to."},
        h.INTENT: _TEXT | {"description": "What the customer wants, as the model reads it."},
        h.CATEGORY: _TEXT | {"description": "The business category of the intent."},
        h.PRIORITY: _one_of(Priority) | {"description": "How soon a person should look."},
        h.CONFIDENCE: {
            "type": "string",
            "pattern": r"^(0\.[0-9]{4}|1\.0000)$",
            "description": "Calibrated probability of the intent, from 0 to 1.",
        },
        h.URGENT: _FLAG | {"description": "Whether harm grows while the ticket waits."},
        h.TOXIC: _FLAG | {"description": "Whether a guardrail found abuse."},
        h.NEEDS_REVIEW: _FLAG | {"description": "Whether the decision is too unsure to act on."},
        h.REVIEW_REASONS: _TEXT
        | {
            "description": "What a person should decide, joined by commas; may be empty.",
            "examples": ["low_confidence,out_of_scope"],
        },
        h.AUDIT: _FLAG | {"description": "Whether the ticket was drawn at random for a check."},
        h.DEGRADED: _FLAG | {"description": "Whether the language model was asked in vain."},
        h.MODEL_DIGEST: {
            "type": "string",
            "pattern": "^sha256:[0-9a-f]{64}$",
            "description": "SHA-256 of the manifest of the bundle that decided.",
        },
    }
    required = [header.value for header in EventHeader]
    optional: dict[str, dict[str, Any]] = {
        "traceparent": _TEXT | {"description": "W3C Trace Context, carried from the raw record."},
        "tracestate": _TEXT | {"description": "W3C Trace Context, carried from the raw record."},
    }
    return _headers("TriagedTicketHeaders", triaged_headers_schema, properties | optional, required)


def dead_letter_headers_schema() -> dict[str, Any]:
    """Headers that a dead letter carries after those of its source record."""
    h = DeadLetterHeader
    kinds: dict[DeadLetterHeader, dict[str, Any]] = {
        h.TOPIC: _TEXT,
        h.PARTITION: _COUNT,
        h.OFFSET: _COUNT,
        h.TIMESTAMP: {"type": "string", "pattern": "^-?[0-9]+$"},
        h.STAGE: _TEXT,
        h.CODE: _one_of(ErrorCode),
        h.MESSAGE: _TEXT,
        h.EVENT_ID: _TEXT,
    }
    properties = {
        header.value: kind | {"description": _field_description(header)}
        for header, kind in kinds.items()
    }
    required = [header.value for header in DeadLetterHeader]
    return _headers("DeadLetterHeaders", dead_letter_headers_schema, properties, required)


def _field_description(header: DeadLetterHeader) -> str:
    return DeadLetter.model_fields[header.name.lower()].description or ""


def _one_of(values: type[Queue | Priority | ErrorCode]) -> dict[str, Any]:
    return {"type": "string", "enum": [value.value for value in values]}


def _headers(
    title: str, described_by: object, properties: dict[str, dict[str, Any]], required: list[str]
) -> dict[str, Any]:
    return {
        "title": title,
        "description": described_by.__doc__,
        "type": "object",
        "properties": {str(name): schema for name, schema in properties.items()},
        "required": required,
    }
