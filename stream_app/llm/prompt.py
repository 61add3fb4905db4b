"""The prompt: a versioned file, and the messages made from it and one ticket; sends nothing.

The ticket is data. It stands in the user's message alone, between two marks that are drawn at
random for each request, so that no text can close them.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stream_app.errors import UserError
from stream_app.llm.answers import answer_schema

_HEAD = 3_000
_TAIL = 1_000
_CUT = "\n[... cut ...]\n"
LONGEST_TICKET = _HEAD + len(_CUT) + _TAIL
"""Characters of a ticket that are sent: its beginning, and its end, where people say what they
want."""

_OVERHEAD_TOKENS = 64
"""More than the marks, the names of the fields and the roles of two messages take."""


@dataclass(frozen=True, slots=True)
class Request:
    """The two messages of one question. Never log one: `user` holds the ticket."""

    system: str
    user: str = field(repr=False)
    labelled: bool
    max_answer_tokens: int
    temperature: float | None


class Prompt(BaseModel):
    """One version of the prompt, as its file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(min_length=1, max_length=64)
    system: str = Field(min_length=1, description="What to judge, and how.")
    label: str = Field(
        pattern=r"\{intent\}", description="The question about the intent, named by {intent}."
    )
    max_answer_tokens: int = Field(ge=16, le=4_096)
    temperature: float | None = Field(
        ge=0.0, le=2.0, description="Null for models that refuse one."
    )

    def request(self, text: str, intent: str | None) -> Request:
        """The messages about redacted `text`, which is at most `LONGEST_TICKET` characters."""
        # Lone surrogates are valid in JSON's escapes and cannot be sent.
        text = text.encode("utf-8", "replace").decode("utf-8")
        mark = _fresh_mark(text)
        question = "" if intent is None else self.label.replace("{intent}", readable(intent)) + "\n"
        return Request(
            system=self.system,
            user=f"{question}<ticket-{mark}>\n{text}\n</ticket-{mark}>",
            labelled=intent is not None,
            max_answer_tokens=self.max_answer_tokens,
            temperature=self.temperature,
        )

    def most_input_tokens(self, text_bytes: int, intent: str | None) -> int:
        """An upper bound for a ticket of `text_bytes` UTF-8 bytes.

        One token a byte, which no byte-level tokenizer exceeds.
        """
        label = "" if intent is None else self.label + intent
        fixed = len((self.system + label).encode()) + _schema_bytes(labelled=intent is not None)
        return fixed + text_bytes + _OVERHEAD_TOKENS


def shorten(text: str) -> str:
    """`text`, or its beginning and its end where it is longer than `LONGEST_TICKET`."""
    if len(text) <= LONGEST_TICKET:
        return text
    return text[:_HEAD] + _CUT + text[-_TAIL:]


def readable(intent: str) -> str:
    """An intent's name as quoted words: `"card arrival"` for `card_arrival`."""
    return json.dumps(" ".join(intent.replace("_", " ").replace("-", " ").split()))


def load_prompt(path: Path | None = None) -> Prompt:
    """The prompt in the YAML file `path`, the packaged one by default.

    Raises `UserError` with one line that names the file and the fault.
    """
    place = path or files("stream_app.llm").joinpath("prompts", "triage.yaml")
    name = path or "packaged prompt"
    try:
        return Prompt.model_validate(yaml.safe_load(place.read_text(encoding="utf-8")))
    except OSError as error:
        raise UserError(f"{name}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "content"
        raise UserError(f"{name}: {where}: {first['msg']}") from error


@cache
def _schema_bytes(*, labelled: bool) -> int:
    return len(json.dumps(answer_schema(labelled=labelled)))


def _fresh_mark(text: str) -> str:
    while True:
        mark = secrets.token_hex(16)
        if mark not in text:
            return mark
