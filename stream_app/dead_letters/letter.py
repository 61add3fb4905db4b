"""One record of the dead-letter queue, parsed; reads and sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from schemas import DeadLetter, original_headers
from stream_app.messages import OutgoingRecord, Record


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: the error, and the record of the dead-letter queue that holds it."""

    error: DeadLetter
    record: Record

    @property
    def key_text(self) -> str | None:
        """The key as text; bytes that are not UTF-8 are shown as `\\xNN`."""
        key = self.record.key
        return key.decode(errors="backslashreplace") if key is not None else None

    @property
    def size(self) -> int:
        """Bytes of the original value; 0 for a tombstone."""
        return len(self.record.value or b"")

    def summary(self) -> dict[str, Any]:
        """The stable JSON keys of a dead letter in a list; holds no customer's text but the key.

        `topic`, `partition`, `offset` and `timestamp` (milliseconds) are the source record's.
        """
        return {
            "event_id": self.error.event_id,
            "code": self.error.code.value,
            "message": self.error.message,
            "stage": self.error.stage,
            "topic": self.error.topic,
            "partition": self.error.partition,
            "offset": self.error.offset,
            "timestamp": self.error.timestamp,
            "key": self.key_text,
            "size": self.size,
        }

    def original(self) -> OutgoingRecord:
        """The source record as it was, addressed to the topic that it came from."""
        return OutgoingRecord(
            topic=self.error.topic,
            key=self.record.key,
            value=self.record.value,
            headers=original_headers(self.record.headers),
        )


def read_letter(record: Record) -> Letter | None:
    """Parse a record of the dead-letter queue; None where it lacks our error headers."""
    present = [(name, value) for name, value in record.headers if value is not None]
    try:
        return Letter(DeadLetter.from_headers(present), record)
    except ValidationError:
        return None
