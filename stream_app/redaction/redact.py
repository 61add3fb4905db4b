"""The one function that redacts: runs every finder and puts placeholders in; finds nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from stream_app.redaction.addresses import find_addresses
from stream_app.redaction.cards import find_cards
from stream_app.redaction.codes import find_codes
from stream_app.redaction.emails import find_emails
from stream_app.redaction.ibans import find_ibans
from stream_app.redaction.kinds import Found, Kind
from stream_app.redaction.loose_numbers import find_loose_numbers
from stream_app.redaction.names import find_names
from stream_app.redaction.numbers import find_numbers
from stream_app.redaction.passwords import find_passwords
from stream_app.redaction.places import find_places
from stream_app.redaction.symbols import read_symbols

_RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without what was found in it, and the kinds that were, in order."""

    text: str
    kinds: tuple[Kind, ...]


def redact(text: str) -> Redacted:
    """Replace personal data in `text` by placeholders such as `[CARD]`.

    No card number and no IBAN with right check digits is left, whatever signs or single letters
    stand between its characters, and no card number in its printed groups with words of up to 40
    letters between each two of them; only what reads as amounts with a currency, times or dates
    alone is never a card. The rest is found by its form and its surroundings; where that leaves a
    doubt, numbers are hidden and words stay. Linear in the length of `text`.
    """
    symbols = read_symbols(text)
    plain = _in_plain_characters(text)
    found = chain(
        find_cards(plain, symbols),
        find_ibans(plain, symbols),
        find_numbers(plain, symbols),
        find_loose_numbers(plain),
        find_emails(plain),
        find_places(plain),
        find_addresses(plain),
        find_codes(plain),
        find_passwords(plain),
        find_names(plain),
    )
    pieces: list[str] = []
    kinds: list[Kind] = []
    position = 0
    for start, end, kind in _merged(found):
        pieces += (text[position:start], kind.placeholder)
        kinds.append(kind)
        position = end
    pieces.append(text[position:])
    return Redacted("".join(pieces), tuple(kinds))


def _in_plain_characters(text: str) -> str:
    """`text` with each character in its usual form, where that is one character too."""
    if text.isascii():
        return text
    usual = (unicodedata.normalize("NFKC", character) for character in text)
    return "".join(form if len(form) == 1 else own for own, form in zip(text, usual, strict=True))


def _merged(found: Iterable[Found]) -> Iterator[Found]:
    """Disjoint findings in order: overlapping ones become one, under the worst kind of them."""
    current: Found | None = None
    for item in sorted(found):
        if current is None:
            current = item
        elif item.start < current.end:
            kind = min(current.kind, item.kind, key=_RANK.__getitem__)
            current = Found(current.start, max(current.end, item.end), kind)
        else:
            yield current
            current = item
    if current is not None:
        yield current
