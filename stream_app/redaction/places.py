"""Finds links, addresses on the net and postcodes; every pattern is bounded in reach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from stream_app.redaction.kinds import Found, Kind

_LINK = re.compile(
    # With a scheme or without; then a path tells a link from two sentences without a blank.
    r"\b(?:https?://|www\.)[^\s<>\"]+|(?<![\w.@\-])(?:[\w\-]{1,63}\.){1,4}[a-z]{2,12}/[^\s<>\"]+",
    re.IGNORECASE,
)

_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rf"(?<![\w.])(?:{_BYTE}\.){{3}}{_BYTE}(?!\w|\.\d)", re.ASCII)
_MAYBE_IPV6 = re.compile(
    r"(?<![\w:])[\da-f]{0,4}(?::[\da-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?![\w:])",
    re.ASCII | re.IGNORECASE,
)

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


def find_places(text: str) -> Iterator[Found]:
    """Where a person is to be found, on the net or in the world."""
    for link in _LINK.finditer(text):
        yield Found(*link.span(), Kind.LINK)
    for address in _IPV4.finditer(text):
        yield Found(*address.span(), Kind.IP)
    for address in _MAYBE_IPV6.finditer(text):
        if _is_ipv6(address[0]):
            yield Found(*address.span(), Kind.IP)
    for postcode in _POSTCODES:
        for code in postcode.finditer(text):
            yield Found(*code.span(), Kind.POSTCODE)


def _is_ipv6(text: str) -> bool:
    """Whether it is one, and no time and no "::" between words."""
    try:
        return bool(int(IPv6Address(text)))
    except AddressValueError:
        return False
