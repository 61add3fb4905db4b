"""The records that go out, as bytes: key, value and headers for a topic; sends nothing."""

from __future__ import annotations

from dataclasses import dataclass

from schemas import DeadLetter, TriagedTicket
from schemas.headers import TRACE_HEADERS, event_headers
from stream_app.messages.decode import Refusal
from stream_app.messages.record import Record

DECODE_STAGE = "decode"


@dataclass(frozen=True, slots=True)
class OutgoingRecord:
    """What the producer is given."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def triaged_record(topic: str, ticket: TriagedTicket, record: Record) -> OutgoingRecord:
    """A triaged ticket for its queue.

    Keyed as the source record, else by ticket id, so that one ticket's messages stay in order.
    """
    carried = [header for header in record.headers if header[0] in TRACE_HEADERS]
    return OutgoingRecord(
        topic=topic,
        key=record.key if record.key is not None else ticket.ticket_id.encode(),
        value=ticket.model_dump_json().encode(),
        headers=[*event_headers(ticket), *carried],
    )


def dead_letter_record(topic: str, record: Record, refusal: Refusal) -> OutgoingRecord:
    """The source record byte for byte, with the error headers after its own."""
    letter = DeadLetter(
        event_id=record.event_id,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        stage=DECODE_STAGE,
        code=refusal.code,
        message=refusal.message,
    )
    return OutgoingRecord(
        topic=topic,
        key=record.key,
        value=record.value,
        headers=[*record.headers, *letter.to_headers()],
    )
