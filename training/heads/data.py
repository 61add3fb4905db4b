"""The questions that the heads answer, and the tickets that they learn from; fits nothing.

`tickets/` holds tickets written for this project and labelled by
`benchmarks/desk_tickets/guideline.md`, many of those that can wait being near misses of urgent
ones, and many that abuse nobody being near misses of abuse. They were written without sight of the
desk tickets, which measure. The starter set's ordinary intents stand for the mass of tickets in
which nothing is at stake, the sentences of the toxicity model for those that are loud, and for
abuse.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from schemas import Priority
from stream_app.inference import ABUSE_OUTPUT, TROUBLE_OUTPUT, URGENCY_OUTPUT
from training.starter_set import load_starter
from training.taxonomy import load_taxonomy
from training.toxicity.data import filled, read_sentences

ORDINARY_WEIGHT = 0.3
"""What an ordinary ticket counts beside a written one. Chosen by cross-validation: with 0, a
twentieth of Banking77's ordinary tickets were taken for urgent, with 0.3 a hundredth, at a tenth of
the urgent ones lost."""

SENTENCE_WEIGHT = 0.5
"""What a sentence of the toxicity model counts for the abuse head beside a written ticket: many
share a skeleton. For the urgency head it counts as an ordinary ticket."""

HEATED_KINDS = ("angry", "figures_of_speech")
"""The kinds of sentences without abuse in which nobody is in need."""

TOXIC = frozenset({"directed_abuse", "threat", "identity_attack"})
"""What the guideline calls toxic; swearing at a thing is not."""

ASIDE_ONE_IN = 10
"""One ticket of so many teaches nothing: it says how far each part of a head is to be believed."""

BEGINNING_CHARACTERS = 20
"""Tickets that share so much of their beginning are on one side."""

NUMBERS = ("card", "Card no", "order", "my order is", "ref", "reference", "phone", "tel.", "number")

SEED = 43


@dataclass(frozen=True, slots=True)
class HeadExample:
    """A ticket, the answer to a head's question, and what it counts in the fit.

    `aside` marks those that teach nothing. What was made from one ticket or sentence is on one
    side, and so are tickets that begin alike, of which one often varies the other.
    """

    text: str
    yes: bool
    weight: float
    aside: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A yes-or-no question: the graph's output that answers it, and what it is learned from.

    `of_ticket` answers it for a written ticket, with None where it was not asked.
    """

    output: str
    examples: Callable[[], list[HeadExample]]
    of_ticket: Callable[[Ticket], bool | None]


class Ticket(NamedTuple):
    """A written ticket; `toxicity` is one of the guideline's five."""

    text: str
    priority: Priority
    toxicity: str


def set_aside(source: str) -> bool:
    """Whether what is made of a ticket or sentence teaches nothing: the same in every training."""
    beginning = source[:BEGINNING_CHARACTERS].lower()
    return int.from_bytes(hashlib.sha256(beginning.encode()).digest()[:4]) % ASIDE_ONE_IN == 0


@cache
def written_tickets() -> tuple[Ticket, ...]:
    """All of `tickets/`, a file for each priority."""
    tickets = []
    for priority in Priority:
        path = files("training.heads").joinpath("tickets", f"{priority.value}.csv")
        with path.open(encoding="utf-8") as file:
            tickets += [
                Ticket(row["text"], priority, row["toxicity"]) for row in csv.DictReader(file)
            ]
    return tuple(tickets)


def urgency_examples() -> list[HeadExample]:
    """Whether a ticket is urgent; the same rows at each call."""
    heated = [
        *_sentences(read_sentences().toxic),
        *_sentences({kind: read_sentences().fine[kind] for kind in HEATED_KINDS}),
    ]
    return [
        *_written(_urgent),
        *_ordinary(lambda _: False),
        *(HeadExample(text, False, ORDINARY_WEIGHT, set_aside(source)) for text, source in heated),
    ]


def trouble_examples() -> list[HeadExample]:
    """Whether something is wrong for the customer, of tickets that can wait."""
    return [*_written(_troubled), *_ordinary(lambda priority: priority is Priority.MEDIUM)]


def abuse_examples() -> list[HeadExample]:
    """Whether a ticket abuses somebody: a person, the staff or a group."""
    sentences = read_sentences()
    return [
        *_written(_abusive),
        *_ordinary(lambda _: False),
        *(
            HeadExample(text, yes, SENTENCE_WEIGHT, set_aside(source))
            for kinds, yes in ((sentences.toxic, True), (sentences.fine, False))
            for text, source in _sentences(kinds)
        ),
    ]


def _urgent(ticket: Ticket) -> bool:
    return ticket.priority is Priority.HIGH


def _troubled(ticket: Ticket) -> bool | None:
    return None if ticket.priority is Priority.HIGH else ticket.priority is Priority.MEDIUM


def _abusive(ticket: Ticket) -> bool:
    return ticket.toxicity in TOXIC


QUESTIONS = (
    Question(URGENCY_OUTPUT, urgency_examples, _urgent),
    Question(TROUBLE_OUTPUT, trouble_examples, _troubled),
    Question(ABUSE_OUTPUT, abuse_examples, _abusive),
)
"""All of them, in the order of their answers."""


def _written(answer: Callable[[Ticket], bool | None]) -> list[HeadExample]:
    answers = ((ticket.text, answer(ticket)) for ticket in written_tickets())
    return [
        HeadExample(text, yes, 1.0, set_aside(text)) for text, yes in answers if yes is not None
    ]


def _ordinary(answer: Callable[[Priority], bool]) -> Iterator[HeadExample]:
    """The starter set's tickets of ordinary intents, each also with a number behind it.

    `answer` goes by the intent's priority. A number of a card, an order or a telephone answers no
    question, but few of the written tickets hold one.
    """
    starter = load_starter()
    labels = {label.intent: label for label in load_taxonomy().labels(starter.intents)}
    chance = random.Random(SEED)  # noqa: S311 - repeatability, not secrecy
    for text, intent in ((example.text, example.intent) for example in starter.train):
        priority = labels[intent].priority
        if priority is not Priority.HIGH:
            for told in (text, _numbered(text, chance)):
                yield HeadExample(told, answer(priority), ORDINARY_WEIGHT, set_aside(text))


def _numbered(text: str, chance: random.Random) -> str:
    digits = "".join(chance.choices("0123456789", k=chance.choice((6, 8, 11, 16))))
    spaced = " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))
    return f"{text} {chance.choice(NUMBERS)} {chance.choice((digits, spaced))}"


def _sentences(kinds: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The sentences of these kinds with their slots filled, each with the one it is made from."""
    slots = read_sentences().slots
    chance = random.Random(SEED)  # noqa: S311 - repeatability, not secrecy
    made = {filled(text, slots, chance): text for texts in kinds.values() for text in texts}
    return sorted(made.items())
