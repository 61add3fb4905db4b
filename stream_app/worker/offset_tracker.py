"""Decides when a micro-batch may be acked: in the order it was taken, and only when it is done.

The one owner of that order. Pure: it neither acks nor publishes. Faust commits the highest run of
acked offsets and, on the first commit of a partition or over a gap of one, does not look behind
it; acking out of order would therefore commit past records that are not done.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Batch = TypeVar("Batch")


@dataclass(slots=True, eq=False)
class InFlight(Generic[Batch]):
    """A micro-batch between `take` and its ack; compared by identity."""

    batch: Batch
    done: bool = field(default=False)


class OffsetTracker(Generic[Batch]):
    """A queue of micro-batches in the order they were taken."""

    def __init__(self) -> None:
        self._queue: deque[InFlight[Batch]] = deque()

    def __len__(self) -> int:
        """How many micro-batches were taken and not yet released."""
        return len(self._queue)

    def take(self, batch: Batch) -> InFlight[Batch]:
        """Enter a micro-batch behind all earlier ones."""
        entry = InFlight(batch)
        self._queue.append(entry)
        return entry

    def finish(self, entry: InFlight[Batch]) -> list[Batch]:
        """Mark `entry` done and return what may be acked now, oldest first.

        That is empty while an older micro-batch is not done, and holds later ones that were
        waiting for this one. Raises `ValueError` where the entry was finished before.
        """
        if entry.done:
            raise ValueError("a micro-batch is finished once")
        entry.done = True
        released = []
        while self._queue and self._queue[0].done:
            released.append(self._queue.popleft().batch)
        return released
