"""Finds where somebody lives: a house number with a street, and what is announced as an address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind
from stream_app.redaction.sentence_words import FUNCTION, ORDINARY

_KINDS = (
    r"(?:street|road|drive|close|lane|avenue|way|court|place|crescent|gardens?|terrace|square|hill"
    r"|grove|mews|row|walk|park|boulevard|parade|highway)"
)
_SHORT_KINDS = (
    r"(?:St|Rd|Dr|Cl|Ln|Ave?|Wy|Ct|Pl|Cres|Gdns|Terr?|Sq|Gr|Blvd|Hwy|Pkwy"
    r"|ST|RD|DR|CL|LN|AVE?|WY|CT|PL|CRES|GDNS|TERR?|SQ|GR|BLVD|HWY|PKWY)"
)
_CAPITAL = r"[^\W\d_a-z][\w'\u2019\-]{0,30}"
_HOUSE = (
    r"(?<![\w.,:/\-$\u00a3\u20ac])\d{1,5}[A-Za-z]?(?:\s?[/\-\u2013]\s?\d{1,5}[A-Za-z]?)?,?\s{1,2}"
)
_TOWN = rf"(?:\sin\s|\s?(?:,|\n)\s{{0,2}}){_CAPITAL}(?:\s{_CAPITAL}){{0,2}}"
_NO_STREET = (
    r"(?:a|an|and|at|bank|by|cards?|days?|down|for|from|hours?|hrs?|in|is|km|me|metres?|miles?"
    r"|mins?|minutes?|months?|my|near|of|off|on|or|our|over|people|seconds?|shops?|that|the|their"
    r"|this|times?|to|up|via|was|weeks?|years?|your)"
)
_STREETS = (
    re.compile(
        rf"{_HOUSE}(?!(?i:{_NO_STREET})\b)(?:{_CAPITAL}\.?\s{{1,2}}){{1,4}}(?:(?i:{_KINDS})|{_SHORT_KINDS}\.?)(?!\w)"
        # A line or a part between commas of capitalised words alone is the town.
        rf"(?:{_TOWN}(?![\w'\u2019]|\s[a-z])){{0,4}}"
    ),
    re.compile(
        rf"{_HOUSE}(?:(?!{_NO_STREET}\b)[^\W\d_]{{2,20}}\s{{1,2}}){{1,2}}"
        r"(?:street|road|drive|close|lane|avenue|crescent|gardens|terrace|grove|st|rd|ave)\b",
        re.IGNORECASE,
    ),
)
"""In small letters only two words and the kinds that are seldom something else."""

_ANNOUNCED = re.compile(
    r"\b(?:address(?:\s(?:is|was)\b(?:\snow\b)?\s?:?|\s?[:=])"
    r"|(?:i|we|he|she|they|who)(?:['\u2019](?:m|s|re|ve))?\s(?:\w{1,10}\s)?"
    r"(?:live|lives|lived|living|resides?|residing|staying)\s(?:at|on)\b)[^\S\n]{0,3}",
    re.IGNORECASE,
)
_BEGINNING = re.compile(
    rf"\d|(?i:flat|apt|apartment|unit|suite|room|house|number|no\.|p\.?o\.?\sbox)\b|{_CAPITAL}"
)
_CLAUSE = re.compile(
    r"(?:(?!\s?[,\s]\s{0,2}(?:and|as|because|but|can|could|do|does|for|had|has|have|help|how|i|if|is"
    r"|it|my|not|now|or|please|since|so|thanks?|that|there|they|this|until|was|we|what|when|where"
    r"|which|while|who|why|will|with|would)\b)"
    r"(?:\b(?:st|rd|ave|dr|no|apt|mt|ct|ln)\.|[^.!?;\n]|\.(?=\S))){1,120}",
    re.IGNORECASE,
)
_FIRST_WORD = re.compile(r"[^\W\d_]+")


def find_addresses(text: str) -> Iterator[Found]:
    """Streets with a house number, and the rest of the clause behind "my address is"."""
    for pattern in _STREETS:
        for street in pattern.finditer(text):
            yield Found(*street.span(), Kind.ADDRESS)
    for announced in _ANNOUNCED.finditer(text):
        clause = _CLAUSE.match(text, announced.end())
        if clause is not None and _begins_address(clause[0]):
            yield Found(clause.start(), clause.start() + len(clause[0].rstrip(" ,")), Kind.ADDRESS)


def _begins_address(clause: str) -> bool:
    """Whether it begins as one: "my address is Wrong" does not."""
    if not _BEGINNING.match(clause):
        return False
    word = _FIRST_WORD.match(clause)
    return not (word and (ORDINARY.fullmatch(word[0]) or FUNCTION.fullmatch(word[0])))
