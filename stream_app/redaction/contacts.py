"""Finds e-mail addresses, handles, links and postcodes; every pattern is bounded in reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind

_LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)

_AT = "@\uff20\ufe6b"
_TOKEN = re.compile(r"[^\s<>()\[\]{}\",;]+")
_HANDLE = re.compile(rf"[{_AT}][A-Za-z_]\w{{2,}}")

_SPELLED = (
    # john @ example.com, john@ example.com
    re.compile(
        rf"(?<!\S)[^\s{_AT}]{{1,64}}\s{{0,3}}[{_AT}]\s{{0,3}}[^\s{_AT}.]{{1,64}}\s?\.\s?\w{{2,64}}"
    ),
    # john (at) example.com
    re.compile(r"(?<!\S)\S{1,64}?\s?[\[({]\s?at\s?[\])}]\s?\S{2,255}", re.IGNORECASE),
    # john at example dot com
    re.compile(r"(?<!\S)\S{1,64}\sat\s\S{1,64}\sdot\s\S{2,64}", re.IGNORECASE),
)
"""Addresses that are written so that machines overlook them."""

_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b", re.ASCII)
"""The British form: it names a dozen houses. Others are plain numbers of five digits."""


def find_contacts(text: str) -> Iterator[Found]:
    """Ways to reach or to find a person, other than phone numbers."""
    for link in _LINK.finditer(text):
        yield Found(*link.span(), Kind.LINK)
    for code in _POSTCODE.finditer(text):
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
