"""Finds PINs, passwords and one-time codes behind the words that announce them, and long keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stream_app.redaction.kinds import Found, Kind

_WORDY_NAMES = (
    r"pass\s?words?|pass\s?codes?|pass\s?phrases?|pwd|memorable\s(?:word|name|place|date|answer)"
    r"|secret\s(?:word|answer)|security\s(?:answer|word)|maiden\sname"
)
_NUMERIC_NAMES = (
    r"pins?|p\.i\.n|otps?|cvv2?|cvc2?|cv2|codes?|tokens?|security\snumber|expiry(?:\sdate)?|exp"
)

_ANNOUNCED_DIGITS = re.compile(
    rf"\b(?:{_WORDY_NAMES}|{_NUMERIC_NAMES})\b[^\d\n.!?]{{0,40}}"
    r"(?P<value>\d(?:[\s./\-]?\d){2,15})",
    re.IGNORECASE,
)
_DIGITS_FIRST = re.compile(
    r"(?P<value>\d(?:[\s\-]?\d){2,11})\s{0,2}[,:=\-]?\s{0,2}(?:is|was|as)\s(?:my|the|our|your)\s"
    rf"(?:\w{{1,20}}\s){{0,2}}(?:{_WORDY_NAMES}|{_NUMERIC_NAMES})\b",
    re.IGNORECASE,
)
_ANNOUNCED_WORD = re.compile(
    rf"\b(?P<name>{_WORDY_NAMES}|{_NUMERIC_NAMES})\b\s{{0,3}}"
    r"(?:(?:is|was|are)\b\s{0,3}[:=]?|:|=|->)\s{0,3}[\"'\u201c\u2018\u00ab(]?(?P<value>\S{3,64})",
    re.IGNORECASE,
)
_WORDY = re.compile(_WORDY_NAMES, re.IGNORECASE)

_WORD = re.compile(r"[^\W\d_]+['\u2019]?[^\W\d_]*[.,;:!?\"')\u201d\u2019]*")
_ORDINARY = re.compile(
    r"about|accepted|actually|also|already|always|and|asked|asking|because|been|being|blank"
    r"|blocked|broken|but|called|changed|compromised|correct|declined|different|disabled|entered"
    r"|exactly|exposed|expired|fine|forgotten|given|gone|good|hacked|hidden|in|incorrect|invalid"
    r"|it|known|leaked|listed|locked|lost|missing|needed|never|no|not|now|old|only|out|ok|okay"
    r"|please|rejected|required|reset|right|safe|saved|secure|sent|set|shared|showing|shown|so"
    r"|still|stolen|strong|stuck|that|the|this|too|unknown|used|valid|very|weak|working|wrong",
    re.IGNORECASE,
)
"""What goes on after "my password is" and is no password."""

_KEY = re.compile(r"(?<![\w\-])[\w\-]{16,}")
_KEY_DIGITS = 4


def find_codes(text: str) -> Iterator[Found]:
    """Values that open an account, and keys such as wallet addresses."""
    for pattern in (_ANNOUNCED_DIGITS, _DIGITS_FIRST):
        for match in pattern.finditer(text):
            yield Found(*match.span("value"), Kind.CODE)
    for match in _ANNOUNCED_WORD.finditer(text):
        if _is_secret(match["name"], match["value"]):
            yield Found(*match.span("value"), Kind.CODE)
    for key in _KEY.finditer(text):
        digits = sum(symbol.isdigit() for symbol in key[0])
        if digits >= _KEY_DIGITS and any(symbol.isalpha() for symbol in key[0]):
            yield Found(*key.span(), Kind.ACCOUNT)


def _is_secret(name: str, value: str) -> bool:
    """A word of letters alone is one only behind a name of passwords: "the code is invalid"."""
    if not _WORD.fullmatch(value):
        return True
    word = value.rstrip(".,;:!?\"')\u201d\u2019")
    return bool(_WORDY.fullmatch(name)) and not _ORDINARY.fullmatch(word)
