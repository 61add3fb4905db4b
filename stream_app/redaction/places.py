"""Finds links and postcodes; every pattern is bounded in reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind

_LINK = re.compile(
    # With a scheme or without; then a path tells a link from two sentences without a blank.
    r"\b(?:https?://|www\.)[^\s<>\"]+|(?<![\w.@\-])(?:[\w\-]{1,63}\.){1,4}[a-z]{2,12}/[^\s<>\"]+",
    re.IGNORECASE,
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
    for postcode in _POSTCODES:
        for code in postcode.finditer(text):
            yield Found(*code.span(), Kind.POSTCODE)
