"""Finds PINs, passwords and one-time codes behind the words that announce them, and long keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.amounts import is_amount
from stream_app.redaction.kinds import Found, Kind

_PHRASE_NAMES = r"pass\s?phrases?|(?:seed|recovery)\sphrases?"
_WORDY_NAMES = (
    rf"{_PHRASE_NAMES}|pass\s?words?|passwd|pass\s?codes?|pwd?"
    r"|memorable\s(?:word|name|place|date|answer)"
    r"|secret\s(?:word|answer)|security\s(?:answer|word)|maiden\sname"
)
_NUMERIC_NAMES = (
    r"pins?|p\.i\.n|otps?|cvv2?|cvc2?|ccv|csc|cv2|codes?|tokens?|security\snumber"
    r"|expiry(?:\sdate)?|exp"
)

_NAME = re.compile(rf"\b(?:{_WORDY_NAMES}|{_NUMERIC_NAMES})\b", re.IGNORECASE)
_GROUP = re.compile(
    r"(?!(?:(?<=\b\d,)|(?<=\b\d\d,)|(?<=\b\d\d\d,))\d{3}(?!\d))\d(?:[\s./\-]?\d){2,15}"
)
"""Not the three digits behind a comma for thousands."""

_TIME = re.compile(r"\d{1,2}\.\d\d")
_GROUP_CHARACTERS = 31
_REACH = 40
"""How far behind a name its digits may stand, and behind those the next."""

_SENTENCE_END = re.compile(r"[!?]|\.\s+(?=\D)|\n\s*\n")
_SHORT_NO = re.compile(r"\bno\.", re.IGNORECASE)

_DIGITS_FIRST = re.compile(
    r"(?P<value>\d(?:[\s\-]?\d){2,11})\s{0,2}[,:=\-]?\s{0,2}"
    r"(?:(?:is|was|as)\s|\()(?:my|the|our|your)\s"
    rf"(?:\w{{1,20}}\s){{0,2}}(?:{_WORDY_NAMES}|{_NUMERIC_NAMES})\b",
    re.IGNORECASE,
)
_ANNOUNCED_WORD = re.compile(
    rf"\b(?P<name>{_WORDY_NAMES}|{_NUMERIC_NAMES})\b\s{{0,3}}"
    r"(?:(?:is|was|are)\b\s{0,3}(?:now\s{1,3})?[:=]?|['\u2019]s\s|:|=|->|-\s)\s{0,3}"
    r"[\"'\u201c\u2018\u00ab(]?(?P<value>\S{3,64})",
    re.IGNORECASE,
)
_UNCONNECTED = re.compile(
    # Whatever holds a digit behind the name of a password, and what is listed behind that.
    rf"\b(?:{_WORDY_NAMES})\b[\s:=\"'(\-]{{1,4}}(?:(?:is|was|are|now|to|from|as)\s{{1,3}}){{0,3}}"
    r"(?P<value>(?=\S{0,63}\d)\S{3,63}[^\s,;)])",
    re.IGNORECASE,
)
_NEXT = re.compile(r"(?:\s?,\s?|\s(?:and|or|then|to)\s)(?P<value>(?=\S{0,63}\d)\S{3,63}[^\s,;)])")
_WORDY = re.compile(_WORDY_NAMES, re.IGNORECASE)
_PHRASE = re.compile(_PHRASE_NAMES, re.IGNORECASE)

_LETTERS = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+['\u2019]?[^\W\d_]*[.,;:!?\"')\u201d\u2019]*")
_BROKEN_OFF = re.compile(r"[^\W\d_]+(?:[/\u2013\u2014\u2026]|\.\.|[^\w\s\x00-\x7f])")
_NEXT_WORD = re.compile(r"[ \t]?[^\W\d_]{1,24}(?![\w'\u2019])")
_MOST_WORDS = 24
_LEAST_PHRASE = 3

_FUNCTION = re.compile(
    r"a|about|after|all|also|an|and|any|are|as|at|be|because|been|before|but|by|can|could|did|do"
    r"|does|for|from|had|has|have|he|help|here|how|i|if|in|into|is|it|me|my|never|no|not|now|of|off"
    r"|on|or|our|out|please|she|since|so|than|that|the|then|there|they|this|to|too|until|via|was"
    r"|we|were|what|when|where|which|while|who|why|will|with|would|yet|you|your",
    re.IGNORECASE,
)
"""Words that go on a sentence and belong to no secret."""

_ORDINARY = re.compile(
    r"accepted|actually|already|always|asked|asking|being|blank|blocked|breached|broken|called"
    r"|changed|changing|compromised|correct|cracked|declined|denied|different|disabled|empty"
    r"|entered|exactly|exposed|expired|fine|forgotten|given|gone|good|guessed|hacked|hidden"
    r"|incorrect|invalid|known|leaked|listed|locked|lost|missing|needed|new|ok|okay|old|only"
    r"|phished|public|refused|rejected|required|reset|resetting|right|safe|same|saved|secure|sent"
    r"|set|shared|showing|shown|still|stolen|strong|stuck|taken|unknown|unsafe|used|valid|very|weak"
    r"|working|wrong",
    re.IGNORECASE,
)
"""What goes on after "my password is" and is no password."""

_KEY = re.compile(r"(?<![\w\-])[\w\-]{16,}")
_KEY_DIGITS = 4


def find_codes(text: str) -> Iterator[Found]:
    """Values that open an account, and keys such as wallet addresses."""
    reached = 0
    for name in _NAME.finditer(text):
        # What stands behind an earlier name is found already: else the time would grow squared.
        for group in _digits_behind(text, name.end()) if name.end() >= reached else ():
            reached = group.end()
            if not (is_amount(text, *group.span()) or _TIME.fullmatch(group[0])):
                yield Found(*group.span(), Kind.CODE)
    for match in _DIGITS_FIRST.finditer(text):
        yield Found(*match.span("value"), Kind.CODE)
    reached = 0
    for match in _UNCONNECTED.finditer(text):
        listed: re.Match[str] | None = match if match.start("value") >= reached else None
        while listed is not None:
            reached = listed.end()
            yield Found(*listed.span("value"), Kind.CODE)
            listed = _NEXT.match(text, listed.end())
    for match in _ANNOUNCED_WORD.finditer(text):
        start, end = match.span("value")
        phrase = _end_of_words(text, start, _FUNCTION)
        if _PHRASE.fullmatch(match["name"]) and text.count(" ", start, phrase) >= _LEAST_PHRASE - 1:
            yield Found(start, phrase, Kind.CODE)
        elif _is_secret(match["name"], match["value"]):
            wordy = match["value"].isalpha()
            further = _end_of_words(text, end, _FUNCTION, _ORDINARY) if wordy else end
            yield Found(start, further, Kind.CODE)
    for key in _KEY.finditer(text):
        digits = sum(symbol.isdigit() for symbol in key[0])
        if digits >= _KEY_DIGITS and any(symbol.isalpha() for symbol in key[0]):
            yield Found(*key.span(), Kind.ACCOUNT)


def _digits_behind(text: str, start: int) -> Iterator[re.Match[str]]:
    """Groups of three digits and more, each in reach of the one before, in the same sentence."""
    while group := _GROUP.search(text, start, start + _REACH + _GROUP_CHARACTERS):
        between = _SHORT_NO.sub("no", text[start : group.start()])
        if len(between) > _REACH or _SENTENCE_END.search(between):
            return
        yield group
        start = group.end()


def _is_secret(name: str, value: str) -> bool:
    """A word of letters alone is one only behind a name of passwords: "the code is invalid"."""
    if not _WORD.fullmatch(value) and not _BROKEN_OFF.match(value):
        return True
    word = _LETTERS.match(value)
    return bool(
        _WORDY.fullmatch(name)
        and word
        and not _ORDINARY.fullmatch(word[0])
        and not _FUNCTION.fullmatch(word[0])
    )


def _end_of_words(text: str, start: int, *stops: re.Pattern[str]) -> int:
    """Where the words from `start` on end that could all be of one secret."""
    end = start
    for _ in range(_MOST_WORDS):
        word = _NEXT_WORD.match(text, end)
        if word is None or any(stop.fullmatch(word[0].strip()) for stop in stops):
            break
        end = word.end()
    return end
