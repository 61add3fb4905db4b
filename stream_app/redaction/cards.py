"""Finds payment card numbers by their check digit, in any spacing; knows no issuer.

Issuers' prefixes are not asked for: they change, and a number that passes the check is worth
hiding whoever issued it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, chain

from stream_app.redaction.amounts import is_judged_by
from stream_app.redaction.kinds import Found, Kind
from stream_app.redaction.symbols import Symbols

SHORTEST = 12
LONGEST = 19
"""Digits of a card number (ISO/IEC 7812-1)."""

_SURELY = 60
"""Digits of a run that is hidden unchecked: nobody writes that many without a card or an account
among them, and checking every window of a long run costs time."""

_DIGIT = re.compile(r"\d", re.ASCII)
_RUN = re.compile(r"\d(?:[A-Z.]?\d)*", re.ASCII)
"""Digits with at most one letter between two of them: "4111x1111"."""

_LAYOUTS = ((4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3))
"""Digits of the groups that are printed on cards."""

MOST_LETTERS = 40
"""Between two groups of a number that is told: "it begins with 4111, goes on with 1111"."""

_MOST_CHARACTERS = 60
"""Between two groups where numbers below 100 are told too: "the first 4 are 4111"."""


def _told(gap: str) -> tuple[re.Pattern[str], ...]:
    """Each layout with `gap` between its groups.

    From each group on, since a year before a card number looks like its first group.
    """
    told = (gap.join(rf"(\d{{{digits}}})" for digits in layout) for layout in _LAYOUTS)
    return tuple(re.compile(rf"(?<!\d)(?={groups}(?!\d))") for groups in told)


_TOLD = _told(rf"[A-Z.]{{0,{MOST_LETTERS}}}+")
_TOLD_WITH_COUNTS = _told(rf"(?:\D|(?<!\d)\d{{1,2}}(?!\d)){{1,{_MOST_CHARACTERS}}}+")

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def find_cards(text: str, symbols: Symbols) -> Iterator[Found]:
    """Runs of digits that hold a card number, each as a whole.

    The whole run, since what stands right beside a card number is its expiry date and its
    security code. A row of amounts, times and dates alone is none, whatever its digits add up to:
    every third of four amounts passes the check somewhere.
    """
    if len(_DIGIT.findall(symbols.text)) < SHORTEST:
        return
    for told in _find_all(_TOLD, symbols.text):
        span = symbols.original_span(told.start(1), told.end(told.re.groups))
        if _passes(told) and not is_judged_by(text, *span):
            yield Found(*span, Kind.CARD)
    for told in _find_all(_TOLD_WITH_COUNTS, text):
        span = told.start(1), told.end(told.re.groups)
        if _passes(told) and not is_judged_by(text, *span):
            yield Found(*span, Kind.CARD)
    for run in _RUN.finditer(symbols.text):
        if run.end() - run.start() < SHORTEST:
            continue
        digits = [int(symbol) for symbol in run[0] if symbol.isdigit()]
        span = symbols.original_span(run.start(), run.end())
        if (len(digits) > _SURELY or _holds_card(digits)) and not is_judged_by(text, *span):
            yield Found(*span, Kind.CARD)


def _find_all(patterns: Iterable[re.Pattern[str]], text: str) -> Iterator[re.Match[str]]:
    return chain.from_iterable(pattern.finditer(text) for pattern in patterns)


def _passes(told: re.Match[str]) -> bool:
    """The Luhn check of the groups of digits."""
    from_the_right = [int(digit) for digit in reversed("".join(told.groups()))]
    return (
        sum(from_the_right[::2]) + sum(_DOUBLED[digit] for digit in from_the_right[1::2])
    ) % 10 == 0


def _holds_card(digits: list[int]) -> bool:
    """Whether 12 to 19 digits in a row pass the Luhn check (ISO/IEC 7812-1, annex B).

    The check doubles every second digit from the right. Sums from the left are kept for both
    parities, so that each window is one subtraction.
    """
    values = (digits, [_DOUBLED[digit] for digit in digits])
    sums = [
        list(
            accumulate(
                (values[(index + parity) % 2][index] for index in range(len(digits))), initial=0
            )
        )
        for parity in (0, 1)
    ]
    return any(
        (sums[(end - 1) % 2][end] - sums[(end - 1) % 2][end - length]) % 10 == 0
        for end in range(SHORTEST, len(digits) + 1)
        for length in range(SHORTEST, min(LONGEST, end) + 1)
    )
