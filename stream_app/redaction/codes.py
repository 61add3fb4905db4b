"""Finds digits of PINs and codes behind the words that announce them, and long keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.amounts import is_amount
from stream_app.redaction.kinds import Found, Kind
from stream_app.redaction.secret_names import CODES, PASSWORDS

_NAME = re.compile(rf"\b(?:{PASSWORDS}|{CODES})\b", re.IGNORECASE)
_GROUP = re.compile(
    r"(?!(?:(?<=\b\d,)|(?<=\b\d\d,)|(?<=\b\d\d\d,))\d{3}(?!\d))\d(?:[\s./\-]?\d){2,15}"
)
"""Not the three digits behind a comma for thousands."""

_TIME = re.compile(r"\d{1,2}\.\d\d")
_GROUP_CHARACTERS = 31
_REACH = 40
"""How far behind a name its digits may stand, and behind those the next."""

_MOST_LETTERS = 24
_LETTERS_BEFORE = re.compile(rf"[^\W\d_]{{1,{_MOST_LETTERS}}}\Z")
_LETTERS_BEHIND = re.compile(rf"[^\W_]{{0,{_MOST_LETTERS}}}")

_SENTENCE_END = re.compile(r"[!?]|\.\s+(?=\D)|\n\s*\n")
_SHORT_NO = re.compile(r"\bno\.", re.IGNORECASE)

_DIGITS_FIRST = re.compile(
    r"(?P<value>\d(?:[\s\-]?\d){2,11})\s{0,2}[,:=\-]?\s{0,2}"
    r"(?:(?:is|are|was|were|as)\s|\()(?:my|the|our|your)\s"
    rf"(?:\w{{1,20}}\s){{0,2}}(?:{PASSWORDS}|{CODES})\b",
    re.IGNORECASE,
)

_KEY = re.compile(r"(?<![\w\-])[\w\-]{16,}")
_KEY_DIGITS = 4


def find_codes(text: str) -> Iterator[Found]:
    """Digits that open an account, and keys such as wallet addresses."""
    reached = 0
    for name in _NAME.finditer(text):
        # What stands behind an earlier name is found already: else the time would grow squared.
        for group in _digits_behind(text, name.end()) if name.end() >= reached else ():
            reached = group.end()
            if not (is_amount(text, *group.span()) or _TIME.fullmatch(group[0])):
                yield _with_letters(text, *group.span())
    for match in _DIGITS_FIRST.finditer(text):
        yield Found(*match.span("value"), Kind.CODE)
    for key in _KEY.finditer(text):
        digits = sum(symbol.isdigit() for symbol in key[0])
        if digits >= _KEY_DIGITS and any(symbol.isalpha() for symbol in key[0]):
            yield Found(*key.span(), Kind.ACCOUNT)


def _digits_behind(text: str, start: int) -> Iterator[re.Match[str]]:
    """Groups of three digits and more, each in reach of the one before, in the same sentence."""
    while group := _GROUP.search(text, start, start + _REACH + _GROUP_CHARACTERS):
        between = _SHORT_NO.sub("no", text[start : group.start()])
        if len(between) > _REACH or _SENTENCE_END.search(between):
            return
        yield group
        start = group.end()


def _with_letters(text: str, start: int, end: int) -> Found:
    """The code whose digits are `start`..`end`, with the letters of the same word: "abc123"."""
    before = _LETTERS_BEFORE.search(text, max(0, start - _MOST_LETTERS), start)
    behind = _LETTERS_BEHIND.match(text, end)
    return Found(before.start() if before else start, behind.end() if behind else end, Kind.CODE)
