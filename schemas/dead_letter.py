"""The contract of `tickets.dlq`: the original record untouched, the error in added headers.

The headers tell the facts that the dead-letter queue of Kafka Connect tells (KIP-298), under a
prefix of our own.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import Field

from schemas.base import OutgoingMessage


class ErrorCode(StrEnum):
    """What is wrong with a record. Stable: consumers and metrics count by it."""

    TOMBSTONE = "tombstone"
    INVALID_UTF8 = "invalid_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    TEXT_MISSING = "text_missing"
    TEXT_EMPTY = "text_empty"
    TEXT_TOO_LONG = "text_too_long"
    NUL_CHARACTER = "nul_character"
    INVALID_FIELD = "invalid_field"


class DeadLetterHeader(StrEnum):
    """Names of the headers that are added to the original ones."""

    TOPIC = "__dlq.errors.topic"
    PARTITION = "__dlq.errors.partition"
    OFFSET = "__dlq.errors.offset"
    TIMESTAMP = "__dlq.errors.timestamp"
    STAGE = "__dlq.errors.stage"
    CODE = "__dlq.errors.code"
    MESSAGE = "__dlq.errors.message"
    EVENT_ID = "__dlq.errors.event.id"


class DeadLetter(OutgoingMessage):
    """The added headers of one dead letter, parsed. Key, value and the other headers are the
    source record's own, byte for byte."""

    event_id: str = Field(description="As on triaged tickets: derived from the source position.")
    topic: str = Field(description="The source record's topic.")
    partition: int = Field(ge=0, description="The source record's partition.")
    offset: int = Field(ge=0, description="The source record's offset.")
    timestamp: int = Field(description="The source record's timestamp, milliseconds since 1970.")
    stage: str = Field(description="The step that refused the record.", examples=["decode"])
    code: ErrorCode = Field(description="What is wrong, for programs.")
    message: str = Field(description="What is wrong and where; never the customer's text.")

    def to_headers(self) -> list[tuple[str, bytes]]:
        """The headers to append to the source record's own."""
        values = {
            DeadLetterHeader.TOPIC: self.topic,
            DeadLetterHeader.PARTITION: str(self.partition),
            DeadLetterHeader.OFFSET: str(self.offset),
            DeadLetterHeader.TIMESTAMP: str(self.timestamp),
            DeadLetterHeader.STAGE: self.stage,
            DeadLetterHeader.CODE: self.code.value,
            DeadLetterHeader.MESSAGE: self.message,
            DeadLetterHeader.EVENT_ID: self.event_id,
        }
        return [(name.value, value.encode()) for name, value in values.items()]

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]]) -> DeadLetter:
        """Read the added headers back; the last of a name counts, since ours come last.

        Raises `pydantic.ValidationError` where one is missing or malformed.
        """
        found = {name: value.decode(errors="replace") for name, value in headers}
        return cls.model_validate(
            {
                "event_id": found.get(DeadLetterHeader.EVENT_ID),
                "topic": found.get(DeadLetterHeader.TOPIC),
                "partition": found.get(DeadLetterHeader.PARTITION),
                "offset": found.get(DeadLetterHeader.OFFSET),
                "timestamp": found.get(DeadLetterHeader.TIMESTAMP),
                "stage": found.get(DeadLetterHeader.STAGE),
                "code": found.get(DeadLetterHeader.CODE),
                "message": found.get(DeadLetterHeader.MESSAGE),
            }
        )


def original_headers(
    headers: Iterable[tuple[str, bytes | None]],
) -> list[tuple[str, bytes | None]]:
    """All headers but the block that `to_headers` appended, the last one of these names.

    A record that was redriven and refused again carries only one block, because redriving
    strips it with this function. Headers of these names that the source itself brought stay.
    """
    own = list(headers)
    added = {name.value for name in DeadLetterHeader}
    end = len(own)
    while end and own[end - 1][0] not in added:
        end -= 1
    begin = end
    while begin and own[begin - 1][0] in added:
        begin -= 1
        added.remove(own[begin][0])
    return own[:begin] + own[end:]
