"""Cuts tickets into batches that waste little padding; pure, knows lengths only."""

from __future__ import annotations

from collections.abc import Sequence


def cut_by_padded_tokens(
    lengths: Sequence[int], *, max_padded_tokens: int, max_rows: int
) -> list[list[int]]:
    """Group the indices of `lengths` (tokens each) into batches, shortest tickets first.

    A batch is padded to its longest row, so it costs rows x longest. Sorting by length first
    keeps that close to the sum of the lengths. Each batch holds at most `max_rows` rows and, once
    it has more than one row, at most `max_padded_tokens` padded tokens; a single ticket longer
    than the budget makes a batch of its own. Every index appears exactly once.

    Raises `ValueError` where a limit is below 1.
    """
    if max_padded_tokens < 1 or max_rows < 1:
        raise ValueError("max_padded_tokens and max_rows must be 1 or more")
    batches: list[list[int]] = []
    current: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Ascending order makes this row the longest so far, hence the padded width.
        if current and (
            len(current) == max_rows or (len(current) + 1) * lengths[index] > max_padded_tokens
        ):
            batches.append(current)
            current = []
        current.append(index)
    if current:
        batches.append(current)
    return batches
