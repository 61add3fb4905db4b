"""Splits examples with every intent on both sides, by a seed or by what the texts are; pure."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence

from stream_app.labelled_data.dataset import Example


def stratified_split(
    examples: Sequence[Example], *, share: float, seed: int, least_kept: int = 1
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Set aside about `share` of each intent: `(kept, set aside)`, both in the order given.

    An intent keeps at least `least_kept` rows, and gives at least one if it has more. The result
    depends on the rows and the seed alone.

    Raises `ValueError` where `share` is not between 0 and 1.
    """
    if not 0.0 < share < 1.0:
        raise ValueError("share must lie between 0 and 1")
    rows_of: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        rows_of.setdefault(example.intent, []).append(index)
    # Sampling needs repeatability, not secrecy.
    chance = random.Random(seed)  # noqa: S311
    aside: set[int] = set()
    for intent in sorted(rows_of):
        rows = rows_of[intent]
        if len(rows) > least_kept:
            count = min(len(rows) - least_kept, max(1, round(share * len(rows))))
            aside.update(chance.sample(rows, count))
    kept = tuple(example for index, example in enumerate(examples) if index not in aside)
    return kept, tuple(examples[index] for index in sorted(aside))


def split_by_text(
    examples: Sequence[Example], *, share: float, least_kept: int = 1
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Set aside about `share` of the examples: `(kept, set aside)`, both in the order given.

    The side of a text follows from the text alone, letter case and spaces aside, so that it stays
    where it is in a file that grows or that is cut in two. Of that there are two exceptions, for
    intents of few rows: one keeps at least `least_kept`, and gives at least one if it has more.
    """
    rows_of: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        rows_of.setdefault(example.intent, []).append(index)
    places = [_place(example.text) for example in examples]
    aside: set[int] = set()
    for rows in rows_of.values():
        rows.sort(key=places.__getitem__)
        below = sum(places[row] < share for row in rows)
        aside.update(rows[: min(max(1, below), max(0, len(rows) - least_kept))])
    # A text that stood on both sides would be answered from memory: all its rows are kept.
    known = {place for index, place in enumerate(places) if index not in aside}
    aside = {index for index in aside if places[index] not in known}
    kept = tuple(example for index, example in enumerate(examples) if index not in aside)
    return kept, tuple(examples[index] for index in sorted(aside))


def _place(text: str) -> float:
    """A number in 0..1 that stands for the text."""
    words = " ".join(text.casefold().split())
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") / 2**64
