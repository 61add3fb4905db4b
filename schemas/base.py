"""The pydantic configuration that all message models share; holds no fields."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class IncomingMessage(BaseModel):
    """A message that others write: wrong types are errors, unknown fields are ignored.

    Strict types because a number where a text belongs is a fault of the sender that must be seen;
    unknown fields pass because a sender may be newer than this consumer.
    """

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class OutgoingMessage(BaseModel):
    """A message that this product writes; fields are closed so that a misspelt one is an error.

    Every field is written, defaults too, and the JSON Schema for readers says so.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_serialization_defaults_required=True
    )
