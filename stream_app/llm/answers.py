"""The form of an answer: its JSON Schema, and reading what came back; asks nobody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas import LabelAnswer, ToxicityAnswer, UrgencyAnswer

_FENCE = "```"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said; `label` is None where no intent was asked about."""

    urgency: UrgencyAnswer
    toxicity: ToxicityAnswer
    label: LabelAnswer | None


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    urgency: UrgencyAnswer
    toxicity: ToxicityAnswer
    label: LabelAnswer | None = None


def answer_schema(*, labelled: bool) -> dict[str, Any]:
    """JSON Schema of the answer, within what strict structured output allows.

    Written out rather than generated from `_Form`: servers differ in which references and unions
    their grammars support, and all of them support this.
    """
    fields: dict[str, type[StrEnum]] = {"urgency": UrgencyAnswer, "toxicity": ToxicityAnswer}
    if labelled:
        fields["label"] = LabelAnswer
    return {
        "type": "object",
        "properties": {
            name: {"type": "string", "enum": [choice.value for choice in choices]}
            for name, choices in fields.items()
        },
        "required": list(fields),
        "additionalProperties": False,
    }


def read_answers(content: str, *, labelled: bool) -> Answers | None:
    """The answers in `content`; None unless it is exactly one object of the form asked for.

    A code fence around the object is taken off: servers that do not enforce a schema add one.
    """
    try:
        form = _Form.model_validate_json(_unfenced(content))
    except ValidationError:
        return None
    if (form.label is not None) != labelled:
        return None
    return Answers(form.urgency, form.toxicity, form.label)


def _unfenced(content: str) -> str:
    bare = content.strip()
    if bare.startswith(_FENCE) and bare.endswith(_FENCE):
        return bare[len(_FENCE) : -len(_FENCE)].removeprefix("json")
    return bare
