"""Reads a text as letters and digits alone, so that spacing cannot hide a number; finds nothing.

Whatever people and machines put between the digits of a card number (spaces of any width, dashes,
dots, slashes, line breaks, zero-width characters) is dropped, and digits of every script and style
are ASCII digits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

BREAK = "."
"""Stands for a letter outside A to Z."""

_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})
"""Not Lm: the Japanese long-vowel mark and the Arabic tatweel are typed as dashes."""

_INVISIBLE_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
"""The Hangul fillers: letters by category, blank on the screen."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """`text` holds A to Z, 0 to 9 and `BREAK`; `origins[i]` is where symbol `i` came from.

    Origins are code points of the original and never decrease.
    """

    text: str
    origins: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The original's half-open range for the non-empty range `start`..`end` of symbols."""
        return self.origins[start], self.origins[end - 1] + 1


def read_symbols(text: str) -> Symbols:
    """The symbols of `text`. Linear in its length."""
    pieces = [_fold(character) for character in text]
    origins = [index for index, piece in enumerate(pieces) for _ in piece]
    return Symbols("".join(pieces), origins)


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    return "".join(_symbol(part) for part in unicodedata.normalize("NFKC", character))


def _symbol(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if character.isascii():
        return character.upper() if character.isalpha() else ""
    if unicodedata.category(character) in _LETTERS and character not in _INVISIBLE_LETTERS:
        return BREAK
    return ""
