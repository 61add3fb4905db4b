"""Finds IBANs by their check digits (ISO 13616, ISO 7064 mod 97-10), in any spacing and case."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind
from stream_app.redaction.symbols import Symbols

SHORTEST = 15
LONGEST = 34

LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Characters of an IBAN by country, from the ISO 13616 registry."""

_CANDIDATE = re.compile(
    rf"(?=([A-Z]{{2}}\d{{2}}[A-Z\d]{{{SHORTEST - 4},{LONGEST - 4}}}))", re.ASCII
)
"""Overlapping, since one can begin inside what looks like another."""

_NUMERIC = 12
"""Digits that make an IBAN believable at another length than its country's, where a word begins
with it: every 97th piece of any prose passes the check. At its country's length nothing else is
asked, though now and then prose goes with it: "at 50 o'clock my card was s" passes."""

_VALUES = {symbol: int(symbol, 36) for symbol in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def find_ibans(text: str, symbols: Symbols) -> Iterator[Found]:
    """IBANs of a country's length, and others with enough digits; the longest from each place."""
    for candidate in _CANDIDATE.finditer(symbols.text):
        own_length = LENGTHS.get(candidate[1][:2])
        longest = None
        for length, numeric in _passing(candidate[1]):
            span = symbols.original_span(candidate.start(), candidate.start() + length)
            if length == own_length or (numeric >= _NUMERIC and _begins_word(text, span[0])):
                longest = span
        if longest is not None:
            yield Found(*longest, Kind.IBAN)


def _begins_word(text: str, start: int) -> bool:
    return not text[start - 1 : start].isalnum()


def _passing(text: str) -> Iterator[tuple[int, int]]:
    """Length and number of digits of each beginning of `text` that passes the check, rising."""
    head = _VALUES[text[0]] * 10_000 + _VALUES[text[1]] * 100 + int(text[2:4])
    remainder = 0
    numeric = 2
    for length, symbol in enumerate(text[4:], start=5):
        value = _VALUES[symbol]
        if value < 10:
            remainder = (remainder * 10 + value) % 97
            numeric += 1
        else:
            remainder = (remainder * 100 + value) % 97
        if length >= SHORTEST and (remainder * 1_000_000 + head) % 97 == 1:
            yield length, numeric
