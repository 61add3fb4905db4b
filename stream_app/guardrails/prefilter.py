"""Which patterns a text may match, looked up by its words; knows no pattern, searches nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from stream_app.guardrails.required_words import BEGINNING, Requirement

_LOOKED_UP = 4
"""How many requirements of an alternative are looked up, the rarest first. The fifth and later
ones sift out next to nothing."""


class Prefilter:
    """Immutable, so one serves all threads.

    Built from pairs of a pattern's number and what one of its alternatives requires, the rarest
    first. One bit stands for one requirement of one alternative: a word's bits are those of the
    requirements that it meets, so a text costs an `or` for each word and three `and`.
    """

    def __init__(self, alternatives: Iterable[tuple[int, Sequence[Requirement]]]) -> None:
        listed = list(alternatives)
        self._patterns = [pattern for pattern, _ in listed]
        self._width = len(listed)
        self._met_by: dict[str, int] = {}
        self._met_by_all = 0
        for place, (_, requirements) in enumerate(listed):
            for row in range(_LOOKED_UP):
                bit = 1 << (row * self._width + place)
                if row >= len(requirements):
                    self._met_by_all |= bit
                    continue
                for word in requirements[row]:
                    self._met_by[word] = self._met_by.get(word, 0) | bit

    def alternatives_of(self, numbers: Collection[int]) -> int:
        """The bits of the alternatives of these patterns, for `possible`."""
        return sum(1 << place for place, number in enumerate(self._patterns) if number in numbers)

    def possible(self, words: Iterable[str], among: int) -> list[int]:
        """The numbers of the patterns that a text of these words may match, in rising order.

        `among` limits them to those of some alternatives.
        """
        met = self._met_by_all
        met_by = self._met_by
        tokens = set(words)
        tokens.update([word[:BEGINNING] + "*" for word in tokens])
        for token in tokens & met_by.keys():
            met |= met_by[token]
        width = self._width
        met &= met >> 2 * width
        met &= met >> width
        met &= among
        numbers = set()
        while met:
            lowest = met & -met
            numbers.add(self._patterns[lowest.bit_length() - 1])
            met ^= lowest
        return sorted(numbers)
