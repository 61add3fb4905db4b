"""Finds names where the words around leave little doubt; no list of names, no grammar.

A name in the middle of a sentence stays. To hide every capitalised word would hide the product
names and the places that a ticket is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind

_WORD = r"(?:[^\W\d_]\.|[^\W\d_]{1,40}(?:['\u2019\-][^\W\d_]{1,40}){0,3})"
_WORDS = re.compile(rf"{_WORD}(?:[ \t]{{1,3}}{_WORD}){{0,3}}")
_ONE_WORD = re.compile(_WORD)

_NAMED = re.compile(
    r"\bmy\s(?:full\s|first\s|last\s|middle\s|legal\s|sur)?name(?:\sis|['\u2019]s|:)[ \t]{1,3}"
    r"|\b(?:full\s|first\s|last\s|sur)?name\s?[:=][ \t]{0,3}"
    r"|\b(?:i\sam|i['\u2019]?m)\scalled[ \t]{1,3}",
    re.IGNORECASE,
)
_TITLED = re.compile(r"\b(?:mr|mrs|ms|miss|mx|dr|prof)\b\.?[ \t]{1,3}", re.IGNORECASE)
_GREETED = re.compile(r"^[ \t]{0,8}(?:dear|hi|hello|hey)[ \t]{1,3}", re.IGNORECASE | re.MULTILINE)
_GREETING_END = re.compile(r"[ \t]{0,3}(?:[,.!:\-\n]|\Z)")
_INTRODUCED = re.compile(r"\b(?:i\sam|i['\u2019]?m|this\sis)[ \t]{1,3}", re.IGNORECASE)
_SIGNED = re.compile(
    r"\b(?:regards|sincerely|faithfully|truly|respectfully|thanks|thank\syou|cheers|best|wishes)"
    r"[ \t]{0,3}(?P<stop>[,.!\-]{0,3})[ \t]{0,3}(?P<breaks>\s{0,8})",
    re.IGNORECASE,
)
_LINE_END = re.compile(r"[ \t.,!]{0,8}(?:\n|\Z)")
_TEXT_END = re.compile(r"\W{0,8}\Z")
_MOST_SIGNED = 2

_NOT_NAMES = re.compile(
    r"a|also|and|are|being|but|correct|different|for|gone|in|incorrect|invalid|is|it|listed"
    r"|misspelled|misspelt|missing|no|not|now|of|on|only|out|registered|right|showing|shown"
    r"|spelled|spelt|still|that|the|to|under|used|with|wrong",
    re.IGNORECASE,
)
"""What goes on after "my name is" and is no name."""


def find_names(text: str) -> Iterator[Found]:
    """Names behind an introduction, a title or a greeting, and under a letter."""
    for match in _NAMED.finditer(text):
        yield from _capitalised(text, match.end()) or _plain(text, match.end())
    for match in _TITLED.finditer(text):
        yield from _capitalised(text, match.end())
    for match in _GREETED.finditer(text):
        # Only where the greeting ends behind it: "Hello I need" greets nobody.
        yield from (
            found
            for found in _capitalised(text, match.end())
            if _GREETING_END.match(text, found.end)
        )
    for match in _INTRODUCED.finditer(text):
        # One capitalised word may be anything ("I'm British"), two are a name.
        yield from _capitalised(text, match.end(), at_least=2)
    for match in _SIGNED.finditer(text):
        yield from _signature(text, match)


def _capitalised(text: str, start: int, at_least: int = 1) -> list[Found]:
    """The capitalised words at `start`; words all in capitals are shouting, not a name."""
    end = start
    count = 0
    for word in _words(text, start):
        if not word[0][0].isupper() or (at_least > 1 and len(word[0]) > 1 and word[0].isupper()):
            break
        end = word.end()
        count += 1
    return [Found(start, end, Kind.NAME)] if count >= at_least else []


def _plain(text: str, start: int) -> list[Found]:
    """Up to two words at `start` in whatever case, none of them one that goes on a sentence."""
    end = start
    for word in _words(text, start)[:2]:
        if _NOT_NAMES.fullmatch(word[0]):
            break
        end = word.end()
    return [Found(start, end, Kind.NAME)] if end > start else []


def _signature(text: str, match: re.Match[str]) -> list[Found]:
    """The rest of the line behind a closing formula, or the line under it.

    Capitalised words, or one or two in any case that are the text's last: "thanks,\\njane".
    """
    words = _words(text, match.end())
    if not words or not (match["stop"] or "\n" in match["breaks"]):
        return []
    end = words[-1].end()
    capitalised = all(word[0][0].isupper() for word in words) and _LINE_END.match(text, end)
    last = (
        "\n" in match["breaks"]
        and match["stop"] in ("", ",", "-")
        and len(words) <= _MOST_SIGNED
        and _TEXT_END.match(text, end)
    )
    return [Found(match.end(), end, Kind.NAME)] if capitalised or last else []


def _words(text: str, start: int) -> list[re.Match[str]]:
    words = _WORDS.match(text, start)
    if words is None:
        return []
    return list(_ONE_WORD.finditer(text, start, words.end()))
