"""Reads the labelled desk tickets: texts, halves, both label passes and what settled them.

A ticket's labels are those that both passes agree on; where they differ, `settled.csv` decides
and says why. Measures nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, get_args

from schemas import Priority
from stream_app.errors import UserError

FOLDER = Path(__file__).parent / "desk_tickets"
FIRST, SECOND, SETTLED = "labels_first.csv", "labels_second.csv", "settled.csv"

Half = Literal["tuning", "reporting"]
HALVES: tuple[Half, ...] = get_args(Half)


class Toxicity(StrEnum):
    """The worst that a text does to a person or a group; see the guideline."""

    NONE = "none"
    SWEARING = "swearing"
    DIRECTED_ABUSE = "directed_abuse"
    THREAT = "threat"
    IDENTITY_ATTACK = "identity_attack"


SENT_TO_TOXIC = frozenset({Toxicity.DIRECTED_ABUSE, Toxicity.THREAT, Toxicity.IDENTITY_ATTACK})


class DeskQueue(StrEnum):
    """Where a ticket belongs; review and standard are one, a text does not tell them apart."""

    PRIORITY = "priority"
    TOXIC = "toxic"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Labels:
    """One reading of a ticket by the guideline."""

    urgent: bool
    priority: Priority
    toxicity: Toxicity

    @property
    def toxic(self) -> bool:
        """Whether the toxicity is of a kind that goes to the toxic queue."""
        return self.toxicity in SENT_TO_TOXIC

    @property
    def queue(self) -> DeskQueue:
        """Follows from the other labels."""
        if self.urgent:
            return DeskQueue.PRIORITY
        return DeskQueue.TOXIC if self.toxic else DeskQueue.OTHER


@dataclass(frozen=True, slots=True)
class DeskTicket:
    """A ticket with its labels. `kind` is the first pass's note on what makes it urgent."""

    id: str
    half: Half
    phenomenon: str
    intent: str
    text: str
    kind: str
    labels: Labels


def load_desk_tickets(half: Half, folder: Path = FOLDER) -> list[DeskTicket]:
    """The tickets of one half, by id.

    Raises `UserError` where the passes differ about a ticket and nothing settles it.
    """
    labels = settled_labels(folder)
    kinds = {row["id"]: row["kind"] for row in read_rows(folder / FIRST)}
    return [
        DeskTicket(
            id=row["id"],
            half=half,
            phenomenon=row["phenomenon"],
            intent=row["intent"],
            text=row["text"],
            kind=kinds[row["id"]],
            labels=labels[row["id"]],
        )
        for row in read_rows(folder / "tickets.csv")
        if row["half"] == half
    ]


def settled_labels(folder: Path = FOLDER) -> dict[str, Labels]:
    """The labels that hold, by ticket id. Raises `UserError` as `load_desk_tickets` does."""
    first, second = load_pass(folder / FIRST), load_pass(folder / SECOND)
    if first.keys() != second.keys():
        raise UserError(f"{SECOND}: it must label the same tickets as {FIRST}")
    settled = load_pass(folder / SETTLED)
    disagreed = {name for name, labels in first.items() if labels != second[name]}
    if open_cases := disagreed - settled.keys():
        raise UserError(f"{SETTLED}: {len(open_cases)} disagreements are open: {_some(open_cases)}")
    return first | settled


def load_pass(path: Path) -> dict[str, Labels]:
    """One file of labels, by ticket id. Raises `UserError` where it cannot be read."""
    try:
        return {
            row["id"]: Labels(
                urgent={"yes": True, "no": False}[row["urgent"]],
                priority=Priority(row["priority"]),
                toxicity=Toxicity(row["toxicity"]),
            )
            for row in read_rows(path)
        }
    except OSError as error:
        raise UserError(f"labels {path.name}: {error.strerror}") from error
    except (KeyError, ValueError) as error:
        raise UserError(f"labels {path.name}: not a label of the guideline: {error}") from error


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _some(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:5])
