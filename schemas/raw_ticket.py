"""The contract of `tickets.raw`: what a support desk sends; decides nothing about a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, field_validator

from schemas.base import IncomingMessage

MAX_TEXT_CHARACTERS = 20_000
"""Longest accepted `text`, in code points: a long e-mail thread fits, a file dump does not."""

MAX_IDENTIFIER_CHARACTERS = 256
"""Longest id of a source system, in code points."""

Identifier = Annotated[str, Field(min_length=1, max_length=MAX_IDENTIFIER_CHARACTERS)]


class RawTicket(IncomingMessage):
    """One support request as its source system wrote it, in UTF-8 JSON.

    Raises `pydantic.ValidationError` for wrong types, an empty `text`, a `text` longer than
    `MAX_TEXT_CHARACTERS`, and NUL characters, which databases downstream refuse.
    """

    text: str = Field(
        min_length=1,
        max_length=MAX_TEXT_CHARACTERS,
        description="What the customer wrote. Must hold more than white space, and no NUL.",
        examples=["My card was stolen this morning, please block it."],
    )
    ticket_id: Identifier | None = Field(
        default=None,
        description="The source system's id. Without it the record's key, then its position.",
        examples=["T-20418"],
    )
    subject: str | None = Field(
        default=None, max_length=1_000, description="Subject line, where the channel has one."
    )
    channel: str | None = Field(
        default=None,
        max_length=64,
        description="Where the ticket came in, in the source system's words.",
        examples=["email", "chat"],
    )
    customer_id: Identifier | None = Field(
        default=None, description="The source system's id of the customer."
    )
    created_at: Annotated[datetime, Field(strict=False)] | None = Field(
        default=None, description="When the customer wrote it (RFC 3339, with an offset)."
    )
    attributes: dict[str, str] = Field(
        default_factory=dict,
        max_length=64,
        description="Anything else the source system wants to find again on the triaged ticket.",
    )

    @field_validator("text")
    @classmethod
    def _text_has_content(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("text holds only white space")
        return text

    @field_validator("text", "subject", "ticket_id", "channel", "customer_id", "attributes")
    @classmethod
    def _no_nul(cls, value: str | dict[str, str] | None) -> str | dict[str, str] | None:
        texts = [*value, *value.values()] if isinstance(value, dict) else [value or ""]
        if any("\x00" in text for text in texts):
            raise ValueError("NUL character")
        return value

    @field_validator("created_at")
    @classmethod
    def _has_offset(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("created_at needs an offset from UTC, as in 2026-03-01T09:30:00Z")
        return value
