"""Finds passwords, pass phrases and codes with letters behind the words that announce them.

Right behind its name, or behind "for", "on" and the like, any word is a secret that does not go on
a sentence. What is announced from further away has to look like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind
from stream_app.redaction.secret_names import CODES, PASSWORDS, PHRASES
from stream_app.redaction.sentence_words import FUNCTION, ORDINARY

_USERS = r"user\s?(?:names?|ids?)|log-?in(?=\s?[:=])"

_NAME = re.compile(
    rf"\b(?:(?P<phrase>{PHRASES})|(?P<password>{PASSWORDS})|(?P<user>{_USERS})|(?P<code>{CODES}))\b",
    re.IGNORECASE,
)
_REACH = 60
"""How far behind the name of a password the word may stand that connects it with its value."""

_BE = (
    r"(?:is|was|are|(?:used|supposed)\sto\sbe|(?:should|would|will)\sbe|been\s(?:set|changed)\sto)"
)
_TO_NOW = r"(?:now\s{1,3}|(?:set|changed)\sto\s{1,3})?"
_QUOTE = r"\s{0,3}[\"'\u201c\u2018\u00ab(]?"
_CONNECTED = re.compile(
    rf"\s{{0,3}}(?:\b{_BE}\b\s{{0,3}}{_TO_NOW}[:=]?|['\u2019]s\s|:|=|->|-\s){_QUOTE}",
    re.IGNORECASE,
)
_FAR_CONNECTED = re.compile(
    rf"(?:\s{_BE}\s{{1,3}}{_TO_NOW}[:=]?|\s{{0,3}}(?P<sign>:|=|->)){_QUOTE}", re.IGNORECASE
)
_CLAUSE_END = re.compile(r"[.!?;\n]")
_BELONGING = re.compile(r"\s(?:for|on|to|of|in|with|at)\s[^,]*", re.IGNORECASE)
_LINE_END = re.compile(r"[ \t]{0,8}(?:\n|\Z)")
_VALUE = re.compile(r"\S{3,64}")

_NO_TIME = r"(?!\d{1,4}(?:st|nd|rd|th|am|pm|[hx]|hrs?|hours?|mins?|minutes?|days?|weeks?|times)\b)"
"""Not "24hrs"."""

_WITH_DIGIT = rf"(?P<value>{_NO_TIME}(?=\S{{0,63}}\d)\S{{3,63}}[^\s,;)])"
"""Beside its name, whatever holds a digit needs no word that connects them."""

_BESIDE = re.compile(
    rf"\b(?:{PASSWORDS})\b[\s:=\"'(\-,]{{1,4}}(?:(?:is|was|are|now|to|from|as)\s{{1,3}}){{0,3}}"
    rf"{_WITH_DIGIT}",
    re.IGNORECASE,
)
_LISTED = re.compile(rf"(?:\s?,\s?|\s(?:and|or|then|to)\s){_WITH_DIGIT}")
_MIXED_BESIDE = re.compile(
    rf"\b(?:{CODES})\b[\s:=\"'(\-#]{{1,4}}(?:(?:is|was|are)\s{{1,3}})?"
    rf"(?=\S{{0,63}}[^\W\d_]){_WITH_DIGIT}",
    re.IGNORECASE,
)
_BETWEEN_COMMAS = re.compile(
    rf"\b(?:{PASSWORDS})\b\s?,\s?(?P<value>[^\s,]{{3,64}}),", re.IGNORECASE
)
_UNQUOTED = r"[^\s\"\u201d\u00bb'\u2019]{1,32}"
_QUOTED = re.compile(
    rf"\b(?:{PASSWORDS})\b[\s,]{{1,3}}[\"'\u201c\u2018\u00ab](?P<value>(?P<first>{_UNQUOTED})"
    rf"(?:\s{_UNQUOTED}){{0,5}})[\"'\u201d\u2019\u00bb](?!\w)",
    re.IGNORECASE,
)

_LETTERS = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+['\u2019]?[^\W\d_]*[.,;:!?\"')\u201d\u2019]*")
_BROKEN_OFF = re.compile(r"[^\W\d_]+(?:[/\u2013\u2014\u2026]|\.\.|[^\w\s\x00-\x7f])")
_MIXED = re.compile(rf"{_NO_TIME}(?=\S*\d)(?=\S*[^\W\d_])|[^\W_]\S*[@#$%^&*_+=~!?]\w")

_NEXT_WORD = re.compile(r"[ \t]?[^\W\d_]{1,24}(?![\w'\u2019])")
_PHRASE_WORD = re.compile(r"[\s,;.\d)]{0,5}[^\W\d_]{1,24}(?![\w'\u2019])")
_MOST_WORDS = 24
_LEAST_PHRASE = 3


def find_passwords(text: str) -> Iterator[Found]:
    """Values that open an account, and the names of users."""
    names = list(_NAME.finditer(text))
    if not names:
        return
    for name in names:
        found = _right_behind(text, name)
        if found is None and (name["phrase"] or name["password"]):
            found = _further_behind(text, name.end())
        if found is not None:
            yield found
    reached = 0
    for match in _BESIDE.finditer(text):
        listed: re.Match[str] | None = match if match.start("value") >= reached else None
        while listed is not None:
            reached = listed.end()
            yield Found(*listed.span("value"), Kind.CODE)
            listed = _LISTED.match(text, reached)
    for match in _MIXED_BESIDE.finditer(text):
        yield Found(*match.span("value"), Kind.CODE)
    for match in _BETWEEN_COMMAS.finditer(text):
        if _looks_secret(match["value"]):
            yield Found(*match.span("value"), Kind.CODE)
    for match in _QUOTED.finditer(text):
        if not _goes_on(match["first"]):
            yield Found(*match.span("value"), Kind.CODE)


def _right_behind(text: str, name: re.Match[str]) -> Found | None:
    connected = _CONNECTED.match(text, name.end())
    if connected is None:
        return None
    if name["phrase"]:
        count, end = _words(text, connected.end(), _PHRASE_WORD, FUNCTION)
        if count >= _LEAST_PHRASE:
            return Found(connected.end(), end, Kind.CODE)
    value = _VALUE.match(text, connected.end())
    if value is None or _goes_on(value[0]) or (name["code"] and _is_word(value[0])):
        return None
    # The name of a user is one word.
    return Found(*value.span(), Kind.CODE) if name["user"] else _with_words(text, value)


def _further_behind(text: str, start: int) -> Found | None:
    """The first value with other words of the same clause between it and its name at `start`."""
    stop = _CLAUSE_END.search(text, start, start + _REACH)
    for link in _FAR_CONNECTED.finditer(text, start, stop.start() if stop else start + _REACH):
        value = _VALUE.match(text, link.end())
        if value is None or link.start() == start:
            continue
        # Not "I cannot type my password in the app: screen freezes".
        announced = not link["sign"] or _LINE_END.match(text, value.end())
        belonging = announced and _BELONGING.fullmatch(text, start, link.start())
        if _looks_secret(value[0]) or (belonging and not _goes_on(value[0])):
            return _with_words(text, value)
    return None


def _looks_secret(value: str) -> bool:
    """Whether it has letters beside digits or signs, or begins with a capital.

    Words all in capitals are shouting.
    """
    if _MIXED.match(value):
        return True
    return value[0].isupper() and not value.isupper() and not _goes_on(value)


def _is_word(value: str) -> bool:
    return bool(_WORD.fullmatch(value) or _BROKEN_OFF.match(value))


def _goes_on(value: str) -> bool:
    """Whether it goes on a sentence: "the code is invalid"."""
    letters = _LETTERS.match(value)
    if letters is None or not _is_word(value):
        return False
    return bool(ORDINARY.fullmatch(letters[0]) or FUNCTION.fullmatch(letters[0]))


def _with_words(text: str, value: re.Match[str]) -> Found:
    """The value with the words behind it that could be of it, where it is one."""
    end = value.end()
    if value[0].isalpha():
        _, end = _words(text, end, _NEXT_WORD, FUNCTION, ORDINARY)
    return Found(value.start(), end, Kind.CODE)


def _words(
    text: str, start: int, pattern: re.Pattern[str], *stops: re.Pattern[str]
) -> tuple[int, int]:
    """How many words from `start` on could all be of one secret, and where they end."""
    end = start
    for count in range(_MOST_WORDS):
        word = pattern.match(text, end)
        letters = word and _LETTERS.search(word[0])
        if word is None or letters is None or any(stop.fullmatch(letters[0]) for stop in stops):
            return count, end
        end = word.end()
    return _MOST_WORDS, end
