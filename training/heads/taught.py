"""The heads' tickets as a fit takes them: that of a head, and that of an encoder before it."""

from __future__ import annotations

import random
from collections.abc import Container, Mapping

import numpy as np
import numpy.typing as npt

from stream_app.inference import Encoder
from training.heads.data import QUESTIONS, Question, set_aside, written_tickets
from training.heads.head import HeadRows
from training.loss import Answers, Asked
from training.noise import augmented, training_noise


def token_rows(encoder: Encoder) -> dict[str, list[int]]:
    """The token ids of each ticket that any head learns from."""
    texts = {example.text for question in QUESTIONS for example in question.examples()}
    in_order = sorted(texts)
    return dict(zip(in_order, encoder.encode(in_order), strict=True))


def head_rows(
    question: Question,
    row_of: Mapping[str, list[int]],
    point_of: Mapping[str, npt.NDArray[np.float32]] | None = None,
) -> HeadRows:
    """What the head of a question learns from, by the token ids and the embedding of each text."""
    examples = question.examples()
    return HeadRows(
        rows=[row_of[example.text] for example in examples],
        yes=np.array([example.yes for example in examples]),
        weights=np.array([example.weight for example in examples]),
        aside=np.array([example.aside for example in examples]),
        embedding=np.stack([point_of[example.text] for example in examples]) if point_of else None,
    )


def teaching_tickets(without: Container[str]) -> tuple[list[str], Answers]:
    """The written tickets that an encoder may learn from, and their answers to all questions.

    Left out are those `without` and those set aside.
    """
    tickets = [
        ticket
        for ticket in written_tickets()
        if not set_aside(ticket.text) and ticket.text not in without
    ]
    answers = [[question.of_ticket(ticket) for question in QUESTIONS] for ticket in tickets]
    return [ticket.text for ticket in tickets], np.array(
        [[np.nan if yes is None else float(yes) for yes in row] for row in answers],
        dtype=np.float32,
    )


def asked(
    encoder: Encoder, *, rows: int, noised_share: float, seed: int, without: Container[str]
) -> Asked:
    """`rows` of the teaching tickets in each epoch; `noised_share` of them get noise."""
    texts, answers = teaching_tickets(without)
    noise = training_noise()

    def of_epoch(epoch: int) -> tuple[list[list[int]], Answers]:
        # Sampling needs repeatability, not secrecy.
        chance = random.Random(f"{seed}/asked/{epoch}")  # noqa: S311
        drawn = chance.choices(range(len(texts)), k=rows)
        noised = augmented([texts[row] for row in drawn], noise, share=noised_share, chance=chance)
        return encoder.encode(noised), answers[drawn]

    return Asked(rows=rows, questions=len(QUESTIONS), of_epoch=of_epoch)
