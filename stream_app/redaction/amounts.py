"""Tells amounts of money, times and dates from numbers that name somebody; hides nothing."""

from __future__ import annotations

import re

_SIGNS = "$\u00a2\u00a3\u00a5\u0e3f\u20a6\u20a8-\u20ac\u20ae\u20b1\u20b4\u20b5\u20b8-\u20bf"
_CODES = (
    r"usd|gbp|eur|chf|jpy|cny|inr|ngn|kes|zar|aud|cad|nzd|sgd|hkd|sek|nok|dkk|pln|czk|huf|ron|bgn"
    r"|try|uah|rub|brl|mxn|php|aed|sar|thb|krw|vnd|idr|myr|ils|rs\.?"
)
_WORDS = r"pounds?|euros?|dollars?|quid|rupees?|naira|pence|cents?|kroner|francs?|yen"

CURRENCY_SIGN = re.compile(f"[{_SIGNS}]")

_AMOUNT = re.compile(r"\d{1,7}(?:[.,]\d{1,2})?")
_WITH_CENTS = re.compile(r"\d{1,5}[.,]\d\d")
_BEFORE = re.compile(rf"(?:[{_SIGNS}]|\b(?:{_CODES}))\s?\Z", re.IGNORECASE)
_BEHIND = re.compile(
    # A sign before the next number belongs to that one: "account 1234567 £50".
    rf"(?:\s?[{_SIGNS}](?!\s?\d)|[{_SIGNS}](?=\s)|\s?(?:{_CODES}|{_WORDS})\b)",
    re.IGNORECASE,
)
_REACH = 10

_JUDGED_BY = re.compile(
    rf"(?:(?:[{_SIGNS}]\s?\d{{1,3}}(?:,?\d{{3}}){{0,3}}(?:[.,]\d{{2}})?"
    r"|(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
    r"|(?:19|20)\d\d-[01]\d-[0-3]\d|[0-3]?\d([/.])[01]?\d\1(?:19|20)\d\d)"
    r"(?!\d)[\s,;&+T\u2013\u2014\-]{0,4}){1,12}"
)


def is_amount(text: str, start: int, end: int) -> bool:
    """Whether `start`..`end` of `text` is a number with cents or has a currency beside it."""
    if _WITH_CENTS.fullmatch(text, start, end):
        return True
    if not _AMOUNT.fullmatch(text, start, end):
        return False
    return bool(_BEFORE.search(text[max(0, start - _REACH) : start]) or _BEHIND.match(text, end))


def is_judged_by(text: str, start: int, end: int) -> bool:
    """Whether `start`..`end` of `text` holds nothing but amounts with a sign, times and dates."""
    if start > 0 and CURRENCY_SIGN.match(text, start - 1):
        start -= 1
    return bool(_JUDGED_BY.fullmatch(text, start, end))
