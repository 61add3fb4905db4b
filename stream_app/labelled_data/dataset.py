"""A labelled data set in memory; knows nothing of the files it came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from stream_app.errors import UserError


@dataclass(frozen=True, slots=True)
class Example:
    """A ticket's text and the intent that somebody gave it."""

    text: str
    intent: str


@dataclass(frozen=True)
class Dataset:
    """Examples in up to three parts; `validation` and `test` may be empty.

    Raises `UserError` where a model cannot be trained on it: fewer than two intents, an intent
    with fewer than two training rows, an intent that only another part has.
    """

    name: str
    train: tuple[Example, ...]
    validation: tuple[Example, ...] = ()
    test: tuple[Example, ...] = ()

    def __post_init__(self) -> None:
        rows_of: dict[str, int] = {}
        for example in self.train:
            rows_of[example.intent] = rows_of.get(example.intent, 0) + 1
        if len(rows_of) < 2:
            raise UserError(f"{self.name}: the training rows need two or more labels")
        if scarce := sorted(intent for intent, rows in rows_of.items() if rows < 2):
            raise UserError(
                f"{self.name}: these labels have fewer than 2 training rows: {_listed(scarce)}"
            )
        elsewhere = {example.intent for example in (*self.validation, *self.test)}
        if unknown := sorted(elsewhere - rows_of.keys()):
            raise UserError(
                f"{self.name}: no training row has these labels: {_listed(unknown)}; add such rows "
                "to the training file, or take the label out of the other files"
            )

    @cached_property
    def intents(self) -> tuple[str, ...]:
        """The labels, sorted: position `i` is logit `i`."""
        return tuple(sorted({example.intent for example in self.train}))

    @cached_property
    def sha256(self) -> str:
        """Digest of all rows in order, so the same rows from another file format agree."""
        return rows_sha256(self.train, self.validation, self.test)


def rows_sha256(*parts: Iterable[Example]) -> str:
    """Digest of the rows of all `parts` in order; where a part ends counts."""
    digest = hashlib.sha256()
    for part in parts:
        for example in part:
            digest.update(json.dumps([example.text, example.intent]).encode() + b"\n")
        digest.update(b"\n")
    return digest.hexdigest()


def _listed(labels: list[str], shown: int = 10) -> str:
    rest = f" and {len(labels) - shown} more" if len(labels) > shown else ""
    return ", ".join(labels[:shown]) + rest
