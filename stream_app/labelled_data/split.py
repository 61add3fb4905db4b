"""Splits examples by a fixed seed with every intent on both sides; pure."""

from __future__ import annotations

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
