"""The published contracts as JSON Schema 2020-12, made from the models; reads and writes no file.

Outgoing schemas are published open: the models forbid unknown fields to catch our own slips, but
a consumer that did so too would break whenever a field is added.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from pydantic.json_schema import DEFAULT_REF_TEMPLATE, models_json_schema

from schemas.base import IncomingMessage, OutgoingMessage
from schemas.feedback import Feedback
from schemas.header_schemas import dead_letter_headers_schema, triaged_headers_schema
from schemas.model_event import ModelEvent
from schemas.raw_ticket import RawTicket
from schemas.triaged_ticket import TriagedTicket

JsonSchema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

CONTRACT_VERSION = 1
"""Raised with the first change that is not backward compatible; part of every `$id`."""


class Direction(Enum):
    """Who writes messages of a contract: the others, or this product."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class Contract:
    """One published schema. `name` is the stem of its file and the end of its `$id`."""

    name: str
    direction: Direction
    schema: JsonSchema

    @property
    def file_name(self) -> str:
        """Name of the schema's file in `schemas/generated` and in a release."""
        return f"{self.name}.schema.json"


_MODELS: dict[str, type[IncomingMessage | OutgoingMessage]] = {
    "raw_ticket": RawTicket,
    "triaged_ticket": TriagedTicket,
    "feedback": Feedback,
    "model_event": ModelEvent,
}
_HEADERS: dict[str, Callable[[], JsonSchema]] = {
    "triaged_ticket_headers": triaged_headers_schema,
    "dead_letter_headers": dead_letter_headers_schema,
}


def contracts() -> list[Contract]:
    """All contracts; each schema stands alone, with its definitions in `$defs`."""
    made = []
    for name, model in _MODELS.items():
        incoming = issubclass(model, IncomingMessage)
        schema = model.model_json_schema(mode="validation" if incoming else "serialization")
        direction = Direction.INCOMING if incoming else Direction.OUTGOING
        made.append(Contract(name, direction, _identified(name, _published(schema))))
    for name, make in _HEADERS.items():
        made.append(Contract(name, Direction.OUTGOING, _identified(name, make())))
    return made


def message_schemas(ref_template: str = DEFAULT_REF_TEMPLATE) -> dict[str, JsonSchema]:
    """Every model's schema and every definition beside each other, by class name.

    `ref_template` says how they refer to each other, with `{model}` for the name.
    """
    modes: list[tuple[type[Any], Literal["validation", "serialization"]]] = [
        (model, "validation" if issubclass(model, IncomingMessage) else "serialization")
        for model in _MODELS.values()
    ]
    _, together = models_json_schema(modes, ref_template=ref_template)
    definitions: dict[str, JsonSchema] = together["$defs"]
    return {name: _published(schema) for name, schema in definitions.items()}


def _identified(name: str, schema: JsonSchema) -> JsonSchema:
    identity = f"urn:ticket-stream:schema:{name.replace('_', '-')}:v{CONTRACT_VERSION}"
    return {"$schema": DIALECT, "$id": identity, **schema}


def _published(schema: JsonSchema) -> JsonSchema:
    """The schema as others read it: open, and described without what only our code sees."""
    published = {name: value for name, value in schema.items() if name != "additionalProperties"}
    if schema.get("additionalProperties") not in (None, False):
        published["additionalProperties"] = schema["additionalProperties"]
    if "description" in schema:
        # What follows the first paragraph of a docstring speaks of Python exceptions.
        first_paragraph = schema["description"].split("\n\n")[0]
        published["description"] = re.sub(r"\s+", " ", first_paragraph)
    if "$defs" in schema:
        published["$defs"] = {
            name: _published(definition) for name, definition in schema["$defs"].items()
        }
    return published
