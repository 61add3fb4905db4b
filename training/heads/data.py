"""The tickets that the heads learn from; fits nothing.

`tickets.csv` holds tickets written for this project and labelled by
`benchmarks/desk_tickets/guideline.md`, many of those that can wait being near misses of urgent
ones. They were written without sight of the desk tickets, which measure. The starter set's ordinary
intents stand for the mass of tickets in which nothing is at stake, the sentences of the toxicity
model for those that are loud and no more.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from schemas import Priority
from training.starter_set import load_starter
from training.taxonomy import load_taxonomy
from training.toxicity.data import filled, read_sentences

ORDINARY_WEIGHT = 0.3
"""What an ordinary ticket counts beside a written one. Chosen by cross-validation: with 0, a
twentieth of Banking77's ordinary tickets were taken for urgent, with 0.3 a hundredth, at a tenth of
the urgent ones lost."""

HEATED_KINDS = ("angry", "figures_of_speech")
"""The kinds of sentences without abuse in which nobody is in need."""

NUMBERS = ("card", "Card no", "order", "my order is", "ref", "reference", "phone", "tel.", "number")

SEED = 43


@dataclass(frozen=True, slots=True)
class HeadExample:
    """A ticket, the answer to a head's question, and what it counts in the fit."""

    text: str
    yes: bool
    weight: float


def urgency_examples() -> list[HeadExample]:
    """Whether a ticket is urgent; the same rows at each call."""
    written = [HeadExample(text, priority == Priority.HIGH, 1.0) for text, priority in _written()]
    ordinary = [text for text, _ in _ordinary()]
    others = [*ordinary, *_numbered(ordinary), *_heated()]
    return written + [HeadExample(text, False, ORDINARY_WEIGHT) for text in others]


def trouble_examples() -> list[HeadExample]:
    """Whether something is wrong for the customer, of tickets that can wait."""
    written = [
        HeadExample(text, priority == Priority.MEDIUM, 1.0)
        for text, priority in _written()
        if priority in (Priority.MEDIUM, Priority.LOW)
    ]
    return written + [
        HeadExample(text, priority is Priority.MEDIUM, ORDINARY_WEIGHT)
        for text, priority in _ordinary()
    ]


def _written() -> Iterator[tuple[str, str]]:
    """Text and priority; `can_wait` where it was not asked which of the lower two it is."""
    with files("training.heads").joinpath("tickets.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield row["text"], row["priority"]


def _ordinary() -> Iterator[tuple[str, Priority]]:
    starter = load_starter()
    labels = {label.intent: label for label in load_taxonomy().labels(starter.intents)}
    for example in starter.train:
        priority = labels[example.intent].priority
        if priority is not Priority.HIGH:
            yield example.text, priority


def _numbered(texts: Sequence[str]) -> Iterator[str]:
    """With numbers of cards, orders and telephones behind them, which say nothing of urgency."""
    chance = random.Random(SEED)  # noqa: S311
    for text in texts:
        digits = "".join(chance.choices("0123456789", k=chance.choice((6, 8, 11, 16))))
        spaced = " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
        yield f"{text} {chance.choice(NUMBERS)} {chance.choice((digits, spaced))}"


def _heated() -> Iterator[str]:
    sentences = read_sentences()
    chance = random.Random(SEED)  # noqa: S311 - repeatability, not secrecy
    kinds = [*sentences.toxic.values(), *(sentences.fine[kind] for kind in HEATED_KINDS)]
    yield from sorted({filled(text, sentences.slots, chance) for kind in kinds for text in kind})
