"""Strategies for numbers with right check digits, and for the ways in which people write them."""

from __future__ import annotations

import unicodedata
from string import ascii_uppercase, digits

from hypothesis import strategies as st

ZEROS = ("0", "\u0660", "\u06f0", "\u0966", "\u0e50", "\uff10", "\U0001d7ce", "\U0001d7f6")
"""The digit zero of several scripts and styles; the other nine follow each."""

SPACES = (
    *("", " ", "-", ".", "/", "\n", "\r\n", "\t", "_", ",", ":", "|", "*", " - ", "  "),
    *("\u00a0", "\u2009", "\u202f", "\u3000", "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"),
    *("&nbsp;", "&#8209;", "<br>", "</td><td>", "\\r\\n", "\u2122", "\u2116"),
    *("\u2010", "\u2011", "\u2013", "\u2014", "\u2212", "\u30fb", "\u30fc", "\u00b7", "\u2028"),
)


def _is_spacing(character: str) -> bool:
    return not any(part.isalnum() for part in unicodedata.normalize("NFKC", character))


spacings = st.one_of(
    st.sampled_from(SPACES),
    st.text(st.characters(codec="utf-8").filter(_is_spacing), max_size=4),
)


@st.composite
def spaced(draw: st.DrawFn, plain: str) -> str:
    """`plain` in one of the ways to write it: scattered spacing, other digits, either case."""
    gaps = draw(
        st.one_of(
            st.just([""] * len(plain)),
            spacings.map(
                lambda gap: [gap if place % 4 == 0 else "" for place in range(len(plain))]
            ),
            st.lists(spacings, min_size=len(plain), max_size=len(plain)),
        )
    )
    zeros = draw(st.lists(st.sampled_from(ZEROS), min_size=len(plain), max_size=len(plain)))
    lower = draw(st.booleans())
    return "".join(
        (gap if place else "") + _written(symbol, zero, lower)
        for place, (symbol, zero, gap) in enumerate(zip(plain, zeros, gaps, strict=True))
    )


def _written(symbol: str, zero: str, lower: bool) -> str:
    if symbol.isdigit():
        return chr(ord(zero) + int(symbol))
    return symbol.lower() if lower else symbol


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """12 to 19 digits that pass the Luhn check."""
    body = draw(st.text(digits, min_size=11, max_size=18))
    return body + luhn_digit(body)


def luhn_digit(body: str) -> str:
    """The digit that makes `body` pass, computed as the standard words it, from the right."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


@st.composite
def ibans(draw: st.DrawFn, lengths: dict[str, int]) -> str:
    """An IBAN of one of the countries of `lengths`, of letters and digits as they fall."""
    country = draw(st.sampled_from(sorted(lengths)))
    size = lengths[country] - 4
    body = draw(st.text(digits + ascii_uppercase, min_size=size, max_size=size))
    number = int("".join(str(int(symbol, 36)) for symbol in f"{body}{country}00"))
    return f"{country}{98 - number % 97:02}{body}"
