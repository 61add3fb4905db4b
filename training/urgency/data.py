"""The tickets that the urgency head learns from; fits nothing.

`tickets.csv` holds tickets written for this project and labelled by
`benchmarks/desk_tickets/guideline.md`, more than half of those that can wait being near misses.
They were written without sight of the desk tickets, which measure. The starter set's ordinary
intents stand for the mass of tickets in which nothing is at stake, the sentences of the toxicity
model for those that are loud and no more.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
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

SEED = 43


@dataclass(frozen=True, slots=True)
class UrgencyExample:
    """A ticket, whether it is urgent, and what it counts in the fit."""

    text: str
    urgent: bool
    weight: float


def load_urgency() -> list[UrgencyExample]:
    """All rows, the same at each call."""
    with files("training.urgency").joinpath("tickets.csv").open(encoding="utf-8") as file:
        written = [
            UrgencyExample(row["text"], row["urgent"] == "yes", 1.0) for row in csv.DictReader(file)
        ]
    starter = load_starter()
    labels = {label.intent: label for label in load_taxonomy().labels(starter.intents)}
    ordinary = [
        UrgencyExample(example.text, urgent=False, weight=ORDINARY_WEIGHT)
        for example in starter.train
        if labels[example.intent].priority is not Priority.HIGH
    ]
    return written + ordinary + list(_heated())


def _heated() -> Iterator[UrgencyExample]:
    sentences = read_sentences()
    chance = random.Random(SEED)  # noqa: S311 - repeatability, not secrecy
    kinds = [*sentences.toxic.values(), *(sentences.fine[kind] for kind in HEATED_KINDS)]
    texts = {filled(text, sentences.slots, chance) for kind in kinds for text in kind}
    for text in sorted(texts):
        yield UrgencyExample(text, urgent=False, weight=ORDINARY_WEIGHT)
