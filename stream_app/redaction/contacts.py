"""Finds e-mail addresses, handles, links and postcodes; every pattern is bounded in reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind

_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)

_AT = "@\uff20\ufe6b"
_TOKEN = re.compile(r"[^\s<>()\[\]{}\",;]+")
_HANDLE = re.compile(rf"[{_AT}][A-Za-z_]\w{{2,}}")

_START = r"(?<![\w.+\-])"
_LOCAL = r"[^\W\d_][\w.+\-]{0,62}\w"
_DOMAIN = r"(?:[\w\-]{1,63}\.){1,4}[^\W\d_]{2,24}\b"
_MAIL_SERVICE = (
    r"(?:aol|btinternet|fastmail|gmail|gmx|googlemail|hotmail|icloud|live|me|msn|outlook|pm|proton"
    r"|protonmail|yahoo|yandex|ymail|zoho)\.(?:co\.)?[a-z]{2,4}\b"
)
"""Where people have addresses and buy nothing."""

_SPELLED = (
    # john @ example.com, john@ example.com
    re.compile(
        rf"(?<!\S)[^\s{_AT}]{{1,64}}\s{{0,3}}[{_AT}]\s{{0,3}}[^\s{_AT}.]{{1,64}}\s?\.\s?\w{{2,64}}"
    ),
    # john (at) example.com
    re.compile(r"(?<!\S)\S{1,64}?\s?[\[({]\s?at\s?[\])}]\s?\S{2,255}", re.IGNORECASE),
    # john at example dot com
    re.compile(r"(?<!\S)\S{1,64}\sat\s\S{1,64}\sdot\s\S{2,64}", re.IGNORECASE),
    # john.smith at example.com; not "I bought it at example.com"
    re.compile(
        rf"{_START}(?=\S{{0,63}}[._+])(?=\S{{0,63}}\w\w){_LOCAL}\s{{1,3}}at\s{{1,3}}{_DOMAIN}",
        re.IGNORECASE,
    ),
    # john at gmail.com
    re.compile(rf"{_START}{_LOCAL}\s{{1,3}}at\s{{1,3}}{_MAIL_SERVICE}", re.IGNORECASE),
)
"""Addresses that are written so that machines overlook them."""

_POSTCODES = (
    re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b", re.ASCII),
    # In small letters only where it can be one: "ps5 2nd hand" and "m2 8gb" are none.
    re.compile(
        r"\b(?:a[bl]|b[abdhlnrst]?|c[abfhmortvw]|d[adeghlnty]|e[chnx]?|f[ky]|g[luy]?|h[adgprsux]"
        r"|i[gmpv]|je|k[atwy]|l[adelnsu]?|m[ekl]?|n[egnprw]?|o[lx]|p[aehlor]|r[ghm]"
        r"|s[aegklmnoprstwy]?|t[adfnqrsw]|ub|w[acdfnrsv]?|yo|ze)"
        r"\d[a-z\d]?\s?(?!1st|2nd|3rd|[04-9]th|\d(?:gb|tb|hr|ft))\d[abd-hjlnp-uw-z]{2}\b",
        re.ASCII | re.IGNORECASE,
    ),
)
"""The British form: it names a dozen houses. Others are plain numbers of five digits."""


def find_contacts(text: str) -> Iterator[Found]:
    """Ways to reach or to find a person, other than phone numbers."""
    for link in _LINK.finditer(text):
        yield Found(*link.span(), Kind.LINK)
    for postcode in _POSTCODES:
        for code in postcode.finditer(text):
            yield Found(*code.span(), Kind.POSTCODE)
    for pattern in _SPELLED:
        for address in pattern.finditer(text):
            yield Found(*address.span(), Kind.EMAIL)
    if any(sign in text for sign in _AT):
        yield from _find_addresses(text)


def _find_addresses(text: str) -> Iterator[Found]:
    for token in _TOKEN.finditer(text):
        inside = token[0].strip(".:!?'*_" + _AT)
        if any(sign in inside for sign in _AT):
            yield Found(*token.span(), Kind.EMAIL)
        elif handle := _HANDLE.search(text, *token.span()):
            yield Found(*handle.span(), Kind.HANDLE)
