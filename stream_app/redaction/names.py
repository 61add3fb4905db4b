"""Finds names where the words around leave little doubt; no list of names, no grammar.

A name in the middle of a sentence stays. To hide every capitalised word would hide the product
names and the places that a ticket is about.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

from stream_app.redaction.kinds import Found, Kind

_MARKS = "".join(
    chr(point) for point in range(0x300, 0x3000) if unicodedata.category(chr(point))[0] == "M"
)
_LETTERS = rf"(?:[^\W\d_]|[{_MARKS}]){{1,40}}"
_WORD = rf"(?:[^\W\d_]\.|{_LETTERS}(?:['\u2019\u2010\u2011\-]{_LETTERS}){{0,3}})"
_BLANK = r"[^\S\n]"
_FIRST_WORD = re.compile(rf"(?P<word>{_WORD})")
_NEXT_WORD = re.compile(rf"{_BLANK}{{1,3}}(?P<word>{_WORD})")
_MOST_READ = 8
_LETTERS_ALONE = re.compile(_LETTERS)
_MOST_WORDS = 4
"""Of a name, without its particles."""

_PARTICLE = re.compile(
    r"al|bin|da|das|de|del|della|den|der|di|do|dos|du|e|el|ibn|la|le|ten|ter|van|von|y|zu|zum|zur"
)
"""Words in small letters inside a name."""

_RELATIVE = (
    r"(?:wife|husband|partner|spouse|fianc[e\u00e9]e?|boyfriend|girlfriend|son|daughter|child|mother"
    r"|father|mum|mom|dad|parent|brother|sister|aunt|uncle|niece|nephew|cousin|friend|colleague"
    r"|neighbou?r|flatmate|landlord|carer|boss|grand(?:mother|father|ma|pa|son|daughter))"
)

_NAMED = re.compile(
    r"\bmy\s(?:full\s|first\s|last\s|middle\s|legal\s|sur)?name(?:\sis|['\u2019]s|:)\s{1,3}"
    rf"|\b(?:full\s|first\s|last\s|sur)?name\s?[:=]{_BLANK}{{0,3}}"
    rf"|\b(?:i\sam|i['\u2019]?m|{_RELATIVE}\s(?:is|was))\s(?:called|named){_BLANK}{{1,3}}"
    rf"|\b{_RELATIVE}['\u2019]?s\s(?:full\s|first\s|last\s|sur|maiden\s)?name(?:\sis|:)\s{{1,3}}",
    re.IGNORECASE,
)
_NAMED_BY_OTHERS = re.compile(
    r"\b(?:his|her|their|whose|the|account|card|holder['\u2019]?s?)\s(?:\w{1,20}\s)?name"
    r"(?:\son\s(?:\w{1,10}\s)?\w{1,20})?\s?(?:is|was|:)\s{1,3}"
    r"|\b(?:account|card|policy)[\s\-]?holder\s?(?:is|was|:)\s{1,3}"
    r"|\b(?:in|under)\s(?:the|his|her|their)\snames?(?:\sof)?\s{1,3}"
    r"|\bname\son\s(?:\w{1,10}\s)?\w{1,20}\s?(?:is|was|:)\s{1,3}",
    re.IGNORECASE,
)
_RELATED = re.compile(rf"\b[Mm]y\s(?:\w{{1,12}}\s)?{_RELATIVE},?{_BLANK}{{1,3}}")
_TITLE = re.compile(r"mr|mrs|ms|miss|mx|dr|prof", re.IGNORECASE)
_TITLED = re.compile(rf"\b(?:{_TITLE.pattern})\b\.?{_BLANK}{{1,3}}", re.IGNORECASE)
_GREETED = re.compile(
    rf"^{_BLANK}{{0,8}}(?:dear|hi|hello|hey){_BLANK}{{1,3}}", re.IGNORECASE | re.MULTILINE
)
_GREETING_END = re.compile(rf"{_BLANK}{{0,3}}(?:[,.!:\-\n]|\Z)")
_INTRODUCED = re.compile(
    rf"\b(?:i\sam|i['\u2019]?m|this\sis|my\s(?:\w{{1,12}}\s)?{_RELATIVE}\sis){_BLANK}{{1,3}}",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"\b(?:(?P<formal>regards|sincerely|faithfully)|(?P<thanks>thanks|thank\syou|cheers|wishes)"
    r"|truly|respectfully|best)\b"
    rf"{_BLANK}{{0,3}}(?P<stop>[,.!\-]{{0,3}}){_BLANK}{{0,3}}(?P<breaks>\s{{0,8}})",
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

_NO_NAME = re.compile(
    r"account|all|asap|being|board|both|cards?|colleagues|customer|defrauded|emergency|everyone"
    r"|folks|fraud|hacked|hello|help|hi|i|immediately|legal|locked|lost|madam|manager|money|phished"
    r"|please|police|robbed|scam(?:med)?|service|sirs?|stolen|stuck|support|team|urgent(?:ly)?|very",
    re.IGNORECASE,
)
"""Words of an address to nobody in particular, and such as a ticket is judged by."""


def find_names(text: str) -> Iterator[Found]:
    """Names behind an introduction, a relative, a title or a greeting, and under a letter."""
    for found in _likely_names(text):
        words = _LETTERS_ALONE.findall(text, found.start, found.end)
        if not any(map(_NO_NAME.fullmatch, words)):
            yield found


def _likely_names(text: str) -> Iterator[Found]:
    for match in _NAMED_BY_OTHERS.finditer(text):
        yield from _capitalised(text, match.end())
    for match in _NAMED.finditer(text):
        yield from _capitalised(text, match.end()) or _plain(text, match.end())
    for pattern in (_RELATED, _TITLED):
        for match in pattern.finditer(text):
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
    """The capitalised words at `start` up to another's title, and the particles before each.

    Words all in capitals are shouting, not a name.
    """
    end = start
    count = 0
    for word, word_end in _words(text, start):
        if _PARTICLE.fullmatch(word):
            continue
        shouted = at_least > 1 and len(word) > 1 and word.isupper()
        if shouted or not _begins_large(word):
            break
        if _NOT_NAMES.fullmatch(word) or count == _MOST_WORDS:
            break
        if count > 0 and _TITLE.fullmatch(word):
            break
        end = word_end
        count += 1
    return [Found(start, end, Kind.NAME)] if count >= at_least else []


def _begins_large(word: str) -> bool:
    """Whether it begins with a capital, or is of a script without any."""
    return word[0].isupper() or not (word[0].islower() or word[0].isascii())


def _plain(text: str, start: int) -> list[Found]:
    """Up to two words at `start` in whatever case, none of them one that goes on a sentence."""
    end = start
    for word, word_end in islice(_words(text, start), 2):
        if _NOT_NAMES.fullmatch(word):
            break
        end = word_end
    return [Found(start, end, Kind.NAME)] if end > start else []


def _signature(text: str, match: re.Match[str]) -> list[Found]:
    """The rest of the line behind a closing formula, or the line under it.

    Capitalised words, or one or two in any case that are the text's last: "thanks,\\njane".
    """
    read = list(_words(text, match.end()))
    if not read:
        return []
    words = [word for word, _ in read]
    end = read[-1][1]
    if not (match["stop"] or "\n" in match["breaks"]):
        ends = _TEXT_END.match(text, end) and _is_signed(match, words)
        return [Found(match.end(), end, Kind.NAME)] if ends else []
    large = all(_begins_large(word) or _PARTICLE.fullmatch(word) for word in words)
    capitalised = large and len(words) <= 2 * _MOST_WORDS and _LINE_END.match(text, end)
    last = (
        "\n" in match["breaks"]
        and match["stop"] in ("", ",", "-")
        and len(words) <= _MOST_SIGNED
        and _TEXT_END.match(text, end)
    )
    return [Found(match.end(), end, Kind.NAME)] if capitalised or last else []


def _is_signed(match: re.Match[str], words: list[str]) -> bool:
    """Whether `words`, not set off from a closing formula, are the name under a letter."""
    if any(map(_NOT_NAMES.fullmatch, words)):
        return False
    if match["formal"]:
        return len(words) <= _MOST_SIGNED or all(map(_begins_large, words))
    # "THANK YOU SO MUCH" thanks nobody by name.
    return bool(match["thanks"]) and all(
        _begins_large(word) and not word[1:].isupper() for word in words
    )


def _words(text: str, start: int) -> Iterator[tuple[str, int]]:
    """The words in a row at `start`, each with where it ends."""
    word = _FIRST_WORD.match(text, start)
    for _ in range(_MOST_READ):
        if word is None:
            return
        yield word["word"], word.end()
        word = _NEXT_WORD.match(text, word.end())
