"""Finds payment card numbers by their check digit, in any spacing; knows no issuer.

Issuers' prefixes are not asked for: they change, and a number that passes the check is worth
hiding whoever issued it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from stream_app.redaction.amounts import is_judged_by
from stream_app.redaction.kinds import Found, Kind
from stream_app.redaction.symbols import Symbols

SHORTEST = 12
LONGEST = 19
"""Digits of a card number (ISO/IEC 7812-1)."""

_SURELY = 60
"""Digits of a run that is hidden unchecked: nobody writes that many without a card or an account
among them, and checking every window of a long run costs time."""

_RUN = re.compile(r"\d(?:[A-Z.]?\d)*", re.ASCII)
"""Digits with at most one letter between two of them: "4111x1111"."""

_TOLD = re.compile(
    r"(?<!\d)(?:\d{4}(?:[A-Z]{1,12}\d{4}){3}|\d{4}[A-Z]{1,12}\d{6}[A-Z]{1,12}\d{5})(?!\d)", re.ASCII
)
"""The groups that are printed on a card, of four digits or of 4, 6 and 5, with words in between:
"4111 then 1111 then 1111 and 1111"."""

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def find_cards(text: str, symbols: Symbols) -> Iterator[Found]:
    """Runs of digits that hold a card number, each as a whole.

    The whole run, since what stands right beside a card number is its expiry date and its
    security code. A row of amounts, times and dates alone is none, whatever its digits add up to:
    every third of four amounts passes the check somewhere.
    """
    for told in _TOLD.finditer(symbols.text):
        digits = [int(symbol) for symbol in told[0] if symbol.isdigit()]
        span = symbols.original_span(told.start(), told.end())
        if _passes(digits) and not is_judged_by(text, *span):
            yield Found(*span, Kind.CARD)
    for run in _RUN.finditer(symbols.text):
        if run.end() - run.start() < SHORTEST:
            continue
        digits = [int(symbol) for symbol in run[0] if symbol.isdigit()]
        span = symbols.original_span(run.start(), run.end())
        if (len(digits) > _SURELY or _holds_card(digits)) and not is_judged_by(text, *span):
            yield Found(*span, Kind.CARD)


def _passes(digits: list[int]) -> bool:
    """The Luhn check of all of `digits`."""
    from_the_right = digits[::-1]
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
