"""Measures the toxicity guardrail on labelled texts, by functionality; prints nothing.

A functionality is a group of rows that tests one ability, as in HateCheck (Röttger et al. 2021,
"HateCheck: Functional Tests for Hate Speech Detection Models").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from schemas import Finding, Guardrail, Severity
from stream_app.errors import Unavailable, UserError
from stream_app.guardrails.learned import TOXIC_BY_OWN_MODEL

TEXT_COLUMNS = ("text", "test_case", "utterance")
LABEL_COLUMNS = ("label_gold", "label", "toxic")
FUNCTIONALITY_COLUMN = "functionality"

TOXIC_LABELS = frozenset({"1", "true", "yes", "hateful", "toxic"})
HARMLESS_LABELS = frozenset({"0", "false", "no", "non-hateful", "fine"})


class Target(StrEnum):
    """Which finding counts as "toxic".

    `ANY` is what sends a ticket to the toxic queue: abuse and threats at anybody. `IDENTITY` is
    an attack on a group of people, which is what HateCheck calls hateful: it files "I will stab
    you" under harmless, which no support desk would.
    """

    ANY = "any"
    IDENTITY = "identity"


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One row of the data."""

    text: str
    toxic: bool
    functionality: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows, and how many of them were answered as labelled."""

    rows: int
    right: int

    @property
    def accuracy(self) -> float | None:
        """Share in 0..1; None of no rows."""
        return self.right / self.rows if self.rows else None


@dataclass(frozen=True, slots=True)
class FunctionalityScore:
    """One functionality, its toxic and its harmless rows apart."""

    functionality: str
    toxic: Count
    harmless: Count

    @property
    def accuracy(self) -> float:
        """Share of all its rows that were answered as labelled."""
        return (self.toxic.right + self.harmless.right) / (self.toxic.rows + self.harmless.rows)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores in the order in which the functionalities first appear in the data."""

    scores: tuple[FunctionalityScore, ...]

    @property
    def macro_accuracy(self) -> float:
        """Mean accuracy over functionalities, each counting alike."""
        return sum(score.accuracy for score in self.scores) / len(self.scores)


def read_labelled_texts(path: Path) -> tuple[LabelledText, ...]:
    """The rows of a CSV file in UTF-8 with a text, a label and perhaps a functionality column.

    Without a functionality column all rows belong to one. Raises `Unavailable` where the file
    cannot be read and `UserError` naming the file, the row and the fault.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8: byte {error.start} cannot be decoded") from error
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    try:
        columns = reader.fieldnames or ()
        text_column = _column(columns, TEXT_COLUMNS, path)
        label_column = _column(columns, LABEL_COLUMNS, path)
        rows = tuple(
            LabelledText(
                text=row[text_column] or "",
                toxic=_is_toxic(row[label_column], f"{path} row {number}"),
                functionality=row.get(FUNCTIONALITY_COLUMN) or "all rows",
            )
            for number, row in enumerate(reader, start=1)
        )
    except csv.Error as error:
        raise UserError(f"{path} line {reader.line_num}: no valid CSV: {error}") from error
    if not rows:
        raise UserError(f"{path} holds no rows")
    return rows


def evaluate(
    rows: Sequence[LabelledText],
    found: Iterable[Iterable[Finding]],
    target: Target,
) -> Evaluation:
    """Score the findings of each row, in the rows' order."""
    counts: dict[str, dict[bool, list[int]]] = {}
    for row, findings in zip(rows, found, strict=True):
        count = counts.setdefault(row.functionality, {True: [0, 0], False: [0, 0]})[row.toxic]
        count[0] += 1
        count[1] += is_flagged(findings, target) is row.toxic
    return Evaluation(
        tuple(
            FunctionalityScore(name, toxic=Count(*by_label[True]), harmless=Count(*by_label[False]))
            for name, by_label in counts.items()
        )
    )


def is_flagged(findings: Iterable[Finding], target: Target) -> bool:
    """Whether the toxicity guardrail's flag is raised, by what `target` counts."""
    return any(
        finding.guardrail is Guardrail.TOXICITY
        and finding.severity is Severity.FLAG
        and (
            target is Target.ANY
            or finding.rule.startswith(("identity_attack.", TOXIC_BY_OWN_MODEL))
        )
        for finding in findings
    )


def _column(columns: Sequence[str], wanted: tuple[str, ...], path: Path) -> str:
    for name in wanted:
        if name in columns:
            return name
    found = ", ".join(columns) or "none"
    raise UserError(f"{path}: needs a column named {' or '.join(wanted)} (found: {found})")


def _is_toxic(label: str | None, place: str) -> bool:
    word = (label or "").strip().lower()
    if word in TOXIC_LABELS:
        return True
    if word in HARMLESS_LABELS:
        return False
    known = ", ".join(sorted(TOXIC_LABELS | HARMLESS_LABELS))
    raise UserError(f"{place}: the label {word!r} is none of {known}")
