"""Finds e-mail addresses, also those written so that machines overlook them; bounded in reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind

AT = "@\uff20\ufe6b"

_START = r"(?<![\w.+\-])"
_LABEL = r"[\w\-]{1,63}"
_SIGN = rf"(?:[{AT}]|&#64;|&commat;|%40|[\[({{<]\s?(?:(?i:at)|[{AT}])\s?[\])}}>]|[\-_](?i:at)[\-_])"
_DOT = (
    r"(?:\.|\s{0,3}[\[({<]\s?(?:(?i:dot)|\.)\s?[\])}>]\s{0,3}|\s{1,3}(?i:dot)\s{1,3}"
    r"|[\-_](?i:dot)[\-_])"
)
_JOIN = rf"(?:{_DOT}|\s{{1,3}}(?i:underscore|dash|hyphen|minus|plus)\s{{1,3}})"
"""Inside the part before the sign, said as a word or not."""

_LOOSE_DOT = rf"(?:{_DOT}|\s{{1,3}}\.\s{{0,3}}|\.\s{{1,3}}(?![A-Z\s]))"
_SERVICE = (
    r"(?:aol|btinternet|fastmail|gmail|gmx|googlemail|hotmail|icloud|live|me|msn|outlook|pm|proton"
    r"|protonmail|yahoo|yandex|ymail|zoho)"
)
"""Where people have addresses and buy nothing."""

_START_OF_LOCAL = r"(?<![\w.+\-%'])"
_LOCAL = rf"[\w.+\-%']{{1,64}}(?:{_JOIN}{_LABEL}){{0,4}}"

_LETTER_BY_LETTER = (
    # j o h n @ gmail.com, j o h n @ g m a i l . c o m
    re.compile(
        rf"(?<!\s[\w.+\-]\s)(?<!\S)(?:[\w.+\-]\s{{1,2}}){{2,64}}[{AT}]\s{{0,2}}"
        r"(?:(?:[\w.\-]\s{1,2}){2,64}[\w.\-](?!\w)|\S{1,255})"
    ),
    # john@g m a i l . c o m
    re.compile(
        rf"{_START}[\w.+\-]{{1,64}}\s{{0,2}}[{AT}]\s{{0,2}}(?:[\w\-]\s{{1,2}}){{2,64}}"
        r"\.(?:\s{0,2}\w(?!\w)){2,12}"
    ),
)

_TOKEN = re.compile(r"[^\s<>()\[\]{}\",;]+")
_HANDLE = re.compile(rf"[{AT}][A-Za-z_]\w{{2,}}")

_SPELLED = (
    # "john smith"@example.com
    re.compile(rf"\"[^\"\n]{{1,64}}\"[{AT}]\S{{1,255}}"),
    # john @ example . com, john [at] example (dot) com, john-at-example.com
    re.compile(
        rf"{_START_OF_LOCAL}{_LOCAL}\s{{0,3}}{_SIGN}\s{{0,3}}{_LABEL}(?:{_LOOSE_DOT}{_LABEL}){{1,4}}"
    ),
    # john (at) example
    re.compile(r"(?<!\S)\S{1,64}?\s{0,3}[\[({]\s?at\s?[\])}]\s{0,3}\S{2,255}", re.IGNORECASE),
    # john at example dot com, john dot smith at example.com
    re.compile(
        rf"{_START_OF_LOCAL}{_LOCAL}\s{{1,3}}at\s{{1,3}}{_LABEL}(?:\s(?:dash|hyphen)\s{_LABEL}){{0,2}}"
        rf"(?:\sdot\s{_LABEL}){{1,4}}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"{_START}{_LABEL}(?:\s(?:dot|underscore|dash|hyphen|minus|plus)\s{_LABEL}){{1,4}}"
        rf"\s{{1,3}}at\s{{1,3}}{_LABEL}(?:\.{_LABEL}){{1,4}}",
        re.IGNORECASE,
    ),
    # john.smith or john1981 at example.com; not "I bought it at example.com"
    re.compile(
        rf"{_START}(?=\S{{0,63}}(?:[._+]|\d\d))(?=\S{{0,63}}\w\w)[^\W\d_][\w.+\-]{{0,62}}\w"
        r"\s{1,3}at\s{1,3}(?:[\w\-]{1,63}\.){1,4}[^\W\d_]{2,24}\b",
        re.IGNORECASE,
    ),
    # john at gmail.com
    re.compile(
        rf"{_START}[^\W\d_][\w.+\-]{{0,63}}\s{{1,3}}at\s{{1,3}}{_SERVICE}\s?\.\s?(?:co\s?\.\s?)?[a-z]{{2,4}}\b",
        re.IGNORECASE,
    ),
)


def find_emails(text: str) -> Iterator[Found]:
    """Addresses, and handles such as @jo."""
    for pattern in _SPELLED:
        for address in pattern.finditer(text):
            yield Found(*address.span(), Kind.EMAIL)
    if any(sign in text for sign in AT):
        for pattern in _LETTER_BY_LETTER:
            for address in pattern.finditer(text):
                yield Found(*address.span(), Kind.EMAIL)
        yield from _find_plain(text)


def _find_plain(text: str) -> Iterator[Found]:
    for token in _TOKEN.finditer(text):
        inside = token[0].strip(".:!?'*_" + AT)
        if any(sign in inside for sign in AT):
            yield Found(*token.span(), Kind.EMAIL)
        elif handle := _HANDLE.search(text, *token.span()):
            yield Found(*handle.span(), Kind.HANDLE)
