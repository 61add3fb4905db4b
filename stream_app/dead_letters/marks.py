"""Which records of one dead-letter partition were redriven, as a committed offset; commits nothing.

A consumer group's commit holds an offset and a text of at most 4,096 bytes (the broker's
`offset.metadata.max.bytes`). The offset says that everything before it was redriven; the text
names the ranges after it that were too, as `redriven:3-5,9`, counted from the offset.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

MAX_METADATA_BYTES = 4_096
PREFIX = "redriven:"
_WRITTEN = re.compile(rf"{PREFIX}\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*")


@dataclass(frozen=True, slots=True)
class Marks:
    """The offsets before `committed`, and those in `beyond`, were redriven.

    `committed` itself is never in `beyond`: build with `of` to keep it so.
    """

    committed: int = 0
    beyond: frozenset[int] = frozenset()

    @classmethod
    def of(cls, committed: int, beyond: Iterable[int]) -> Marks:
        """Marks in their one form: `committed` as far ahead as the offsets in `beyond` allow."""
        left = {offset for offset in beyond if offset >= committed}
        while committed in left:
            left.remove(committed)
            committed += 1
        return cls(committed, frozenset(left))

    @classmethod
    def read(cls, committed: int, metadata: str, *, beginning: int) -> Marks:
        """Marks from a commit; those of records before `beginning`, which are gone, are dropped.

        A text that is not of our form counts as empty: the offset alone is then trusted.
        """
        beyond: set[int] = set()
        if _WRITTEN.fullmatch(metadata):
            for written in metadata.removeprefix(PREFIX).split(","):
                first, _, last = written.partition("-")
                beyond.update(range(committed + int(first), committed + int(last or first) + 1))
        return cls.of(max(committed, beginning), beyond)

    def __contains__(self, offset: int) -> bool:
        return offset < self.committed or offset in self.beyond

    def adding(self, offsets: Iterable[int]) -> Marks:
        """These marks and `offsets`."""
        return Marks.of(self.committed, self.beyond.union(offsets))

    def passing_over(self, before: int) -> Marks:
        """These marks and every offset before `before`."""
        return Marks.of(max(self.committed, before), self.beyond)

    @property
    def metadata(self) -> str:
        """The text to commit beside the offset; empty where nothing lies beyond it."""
        if not self.beyond:
            return ""
        # Neighbours keep the same distance to their rank, so it groups a range.
        ranked = enumerate(sorted(offset - self.committed for offset in self.beyond))
        ranges = []
        for _, group in groupby(ranked, key=lambda pair: pair[1] - pair[0]):
            run = [offset for _, offset in group]
            ranges.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
        return PREFIX + ",".join(ranges)

    @property
    def fits(self) -> bool:
        """Whether a broker with Kafka's default limit takes `metadata`."""
        return len(self.metadata) <= MAX_METADATA_BYTES
