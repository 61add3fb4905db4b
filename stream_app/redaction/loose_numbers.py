"""Finds numbers by the words before them, however far their digits stand apart, and named dates.

`numbers` finds those that are written closely, with no word before them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.amounts import CURRENCY_SIGN
from stream_app.redaction.kinds import Found, Kind

_APART = r"[^\w$\u00a3\u20ac\u00a5\u20b9]{0,5}"
"""What may stand between two digits: blanks, line ends and any signs but those of money."""

_ACCOUNT = re.compile(
    r"\b(?:account|acct|acc|a/c|sort(?:\s?code)?|iban|passport|licen[cs]e|nino|ssn|routing|aba)"
    r"(?:\s?(?:no|number|nr|num)\b\.?)?[^\w\n]{0,6}(?:(?:is|was|ends?\sin)\s)?[^\w\n]{0,3}"
    rf"(?P<value>\d(?:{_APART}\d){{4,33}})",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"\b(?:phone|telephone|tel|mobile|mob|cell|whatsapp)"
    r"(?:\s?(?:no|number|nr|num)\b\.?)?[^\w\n]{0,6}(?:(?:is|was|on|at)\s)?[^\w\n]{0,3}"
    rf"(?P<value>\d(?:{_APART}\d){{6,14}})",
    re.IGNORECASE,
)
_DIALLED = re.compile(
    # A plus and a country, or a leading zero and an area in groups of two to four.
    rf"(?P<value>\+\d{{1,3}}(?:{_APART}\d){{6,13}}"
    r"|(?<![\d.,:/\-])0\d{2,4}(?:[^\w$\u00a3\u20ac\u00a5\u20b9]{1,5}\d{2,4}){2,4}(?![\d:/]))"
)
_EXTENSION = re.compile(
    r"\b(?:extension|extn|ext)\b\.?[\s:]{0,3}(?:(?:is|no|number)\b\.?[\s:]{0,3})?"
    r"(?P<value>\d{2,6})(?!\s?(?:hours?|days?|weeks?|months?|years?|%))\b",
    re.IGNORECASE,
)
_MIXED = re.compile(r"(?<![^\W_])(?=\w{0,30}[^\W\d_])(?:[^\W\d_]{0,8}\d){7,40}\w{0,8}(?![^\W_])")
"""At least seven digits and a letter in one word: "1234x5678"."""

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"[0-3]?\d(?:st|nd|rd|th)?"
_DATES = (
    re.compile(rf"\b{_DAY}\s(?:of\s)?{_MONTH},?\s(?:19|20)\d\d\b", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s{_DAY},?\s(?:19|20)\d\d\b", re.IGNORECASE),
    # After the words for a birthday, shorter ones too.
    re.compile(
        r"\b(?:d\.?o\.?b\.?|born|birth(?:day|date)?)\b[^\d\n]{0,20}"
        rf"(?P<value>\d{{1,2}}[/.\- ]\d{{1,2}}[/.\- ]\d{{2,4}}|{_DAY}\s(?:of\s)?{_MONTH}"
        rf"(?:,?\s\d{{2,4}}\b)?|{_MONTH}\s{_DAY}\b(?:,?\s\d{{2,4}}\b)?)",
        re.IGNORECASE,
    ),
)


def find_loose_numbers(text: str) -> Iterator[Found]:
    """Accounts, phones and dates of birth."""
    for pattern, kind in ((_ACCOUNT, Kind.ACCOUNT), (_PHONE, Kind.PHONE), (_DIALLED, Kind.PHONE)):
        for match in pattern.finditer(text):
            start, end = match.span("value")
            if not CURRENCY_SIGN.match(text[end : end + 2].strip() or " "):
                yield Found(start, end, kind)
    for match in _EXTENSION.finditer(text):
        yield Found(*match.span("value"), Kind.PHONE)
    for match in _MIXED.finditer(text):
        yield Found(*match.span(), Kind.ACCOUNT)
    for pattern in _DATES:
        for match in pattern.finditer(text):
            group = "value" if "value" in pattern.groupindex else 0
            yield Found(*match.span(group), Kind.DATE)
