"""Reads a text as letters and digits alone, so that spacing cannot hide a number; finds nothing.

Whatever people and machines put between the digits of a card number (spaces of any width, dashes,
dots, slashes, line breaks, zero-width characters, markup) is dropped, and digits of every script
and style are ASCII digits.
"""

from __future__ import annotations

import html
import re
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

_MARKUP = re.compile(
    r"&(?:[A-Za-z]{2,8}|#\d{1,6}|#[xX][0-9A-Fa-f]{1,5});"
    r"|</?(?:[A-Za-z][^<>\d]{0,60}|[hH][1-6])>"
    r"|\\[nrt]"
)
"""Character references, tags and escaped line ends, as forms and mail gateways leave them behind.
A tag that holds digits is none: they may be somebody's."""

_ZERO_LETTERS = re.compile(r"(?<![^\W_])(?=[Oo]{0,3}\d|[Oo]{3})[\dOo]{3,}(?![^\W_])", re.ASCII)
"""What stands alone and is of digits and the letter O, which is then a zero: "O7700 9OO 123"."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """`text` holds A to Z, 0 to 9 and `BREAK`; symbol `i` came from `origins[i]`..`ends[i]`.

    Both are code points of the original and never decrease.
    """

    text: str
    origins: Sequence[int]
    ends: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The original's half-open range for the non-empty range `start`..`end` of symbols."""
        return self.origins[start], self.ends[end - 1]


def read_symbols(text: str) -> Symbols:
    """The symbols of `text`. Linear in its length."""
    pieces = [_fold(character) for character in text]
    ends = list(range(1, len(text) + 1))
    for zeros in _ZERO_LETTERS.finditer(text):
        for place in range(*zeros.span()):
            if pieces[place] == "O":
                pieces[place] = "0"
    for markup in _MARKUP.finditer(text):
        start, end = markup.span()
        pieces[start] = _meaning(markup[0])
        ends[start] = end
        pieces[start + 1 : end] = [""] * (end - start - 1)
    places = [place for place, piece in enumerate(pieces) for _ in piece]
    return Symbols("".join(pieces), places, [ends[place] for place in places])


def _meaning(markup: str) -> str:
    if not markup.startswith("&"):
        return ""
    character = html.unescape(markup)
    return _fold(character) if len(character) == 1 else ""


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    parts = unicodedata.normalize("NFKC", character)
    if len(parts) > 1 and not character.isalnum() and parts.isalpha():
        # A sign such as the trade mark's, which looks like letters and is none.
        return ""
    return "".join(map(_symbol, parts))


def _symbol(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if digit is None and not character.isascii():
        # Chinese digits are numeric letters.
        numeric = unicodedata.numeric(character, None)
        digit = int(numeric) if numeric is not None and numeric in range(10) else None
    if digit is not None:
        return str(digit)
    if character.isascii():
        return character.upper() if character.isalpha() else ""
    if unicodedata.category(character) in _LETTERS and character not in _INVISIBLE_LETTERS:
        return BREAK
    return ""
