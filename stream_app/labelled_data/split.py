"""Splits examples with every intent on both sides, by a seed or by what the texts are; pure."""

from __future__ import annotations

import hashlib
import random
import unicodedata
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
    """Set aside about `share` of the texts: `(kept, set aside)`, both in the order given.

    The side of a text follows from the text alone, its letter case and spaces left out, so that it
    stays where it is in a file that grows or that is cut in two, with all rows that have it. There
    are two exceptions, both for intents of few texts. An intent that has more than `least_kept`
    texts keeps at least so many and gives at least one; one that has no more keeps all. And what
    one intent keeps no other gives. Where a file grows, what was kept can therefore become what is
    set aside for at most `least_kept` texts of an intent that had hardly more of them.
    """
    places = [_place(example.text) for example in examples]
    places_of: dict[str, set[float]] = {}
    for example, place in zip(examples, places, strict=True):
        places_of.setdefault(example.intent, set()).add(place)
    given: set[float] = set()
    kept: set[float] = set()
    for own in places_of.values():
        ordered = sorted(own)
        below = sum(place < share for place in ordered)
        count = min(max(1, below), max(0, len(ordered) - least_kept))
        given.update(ordered[:count])
        kept.update(ordered[count:])
    given -= kept
    return (
        tuple(row for row, place in zip(examples, places, strict=True) if place not in given),
        tuple(row for row, place in zip(examples, places, strict=True) if place in given),
    )


def same_words(text: str) -> str:
    """What all spellings of `text` in letter case and spaces have in common."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _place(text: str) -> float:
    """A number in 0..1, spread evenly over texts; one for all spellings in case and spaces."""
    digest = hashlib.sha256(same_words(text).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
