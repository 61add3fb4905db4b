"""Finds long numbers that no check digit proves: phones, accounts, sort codes, dates.

Amounts and short numbers stay: "£5,000", "3 days" and "24 hours" are what a reader needs to judge
a ticket by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.amounts import is_amount
from stream_app.redaction.kinds import Found, Kind
from stream_app.redaction.symbols import Symbols

_RUN = re.compile(r"\d+", re.ASCII)

_LONGEST_GAP = 3
_APART = frozenset(",;:!?%&=*+\n\r$\u00a3\u20ac\u00a5\u20b9")
"""Signs that end a number: groups of thousands, lists and times are several."""

_SPACED_DIGITS = 6
_SOLID_DIGITS = 5
"""Shortest hidden number with and without spacing: sort codes have six digits."""

_DATE = re.compile(
    r"(?:\d{1,2}([/.\-])\d{1,2}\1(?:19|20)\d{2}|(?:19|20)\d{2}([/.\-])\d{1,2}\2\d{1,2})"
)

_PHONE_DIGITS = range(7, 16)
_DIALLED_DIGITS = range(9, 16)
"""Digits of a phone number, with a sign of one and with the leading zero of a dialled one: local
numbers have 7, E.164 allows 15."""

_SURROUNDING = "+\uff0b("


def find_numbers(text: str, symbols: Symbols) -> Iterator[Found]:
    """Numbers of five digits or more, six where they are spaced, that are not amounts of money."""
    for run in _RUN.finditer(symbols.text):
        start = run.start()
        longest = solid = 1
        for index in range(start + 1, run.end() + 1):
            gap = (
                text[symbols.ends[index - 1] : symbols.origins[index]]
                if index < run.end()
                else "\n"
            )
            if gap == "":
                solid += 1
                longest = max(longest, solid)
                continue
            whole = symbols.original_span(start, index)
            of_one = len(gap) <= _LONGEST_GAP and _APART.isdisjoint(gap)
            if of_one and not (gap.isspace() and _DATE.fullmatch(text, *whole)):
                solid = 1
                continue
            long = index - start >= _SPACED_DIGITS or longest >= _SOLID_DIGITS
            if long and not is_amount(text, *whole):
                yield _named(text, *whole, digits=index - start)
            start = index
            longest = solid = 1


def _named(text: str, start: int, end: int, *, digits: int) -> Found:
    if _DATE.fullmatch(text, start, end):
        return Found(start, end, Kind.DATE)
    marked = start > 0 and text[start - 1] in _SURROUNDING
    dialled = text[start] in "0Oo" and digits in _DIALLED_DIGITS
    if dialled or (marked and digits in _PHONE_DIGITS):
        return Found(start - marked, end, Kind.PHONE)
    return Found(start, end, Kind.ACCOUNT)
