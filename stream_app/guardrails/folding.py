"""Folds a ticket's text for matching and maps matches back to the original; knows no rule.

Folded text is lower-case, free of accents, zero-width characters and typographic quotes; digits
and signs that stand for letters, and letters of other scripts that look alike, are those letters;
stretched letters are cut; disguises of the words that rules look for are undone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase

from stream_app.guardrails.spelling import Edit, Spelling, apply

_QUOTES = {
    "\u2018": "'",
    "\u2019": "'",
    "\u02bc": "'",
    "\u00b4": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
}

_LOOK_ALIKES = {
    **dict(zip("абвгезикмнорстухіјѕԁԛԝһҽӏ", "abbrezukmhopctyxijsdqwhel", strict=True)),
    **dict(zip("αβγεηικνορστυχωϲϳ", "abyenikvopctuxwcj", strict=True)),
    **dict(zip("ıłøđɑɡɩʀʏɪɴʟᴀʙᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜱ", "ilodagiryinlabcdejkmoptuvwzs", strict=True)),
    **{chr(0x1F1E6 + n): letter for n, letter in enumerate(ascii_lowercase)},
    **{chr(0x1F170 + n): letter for n, letter in enumerate(ascii_lowercase)},
    **{chr(0x1F150 + n): letter for n, letter in enumerate(ascii_lowercase)},
}
"""Lower-case Cyrillic, Greek and other letters that are read as Latin ones (a selection from
Unicode Technical Standard 39), and letters in flags, boxes and circles. A text in one of those
scripts turns into gibberish, which no rule matches."""

_DROPPED_CATEGORIES = frozenset({"Mn", "Me", "Cf"})
"""Accents and enclosing marks, and format characters such as the zero-width space and the soft
hyphen: none of them is read, all of them can hide a word."""

_DISGUISE = str.maketrans("013457@$", "oieastas")
_DISGUISED = re.compile(r"[013457@$]+")

_HASHTAG = re.compile(r"#\w+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")

_STRETCHED = re.compile(r"([a-z])\1\1+")
_LONGEST_PREFIX = 24


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and where its characters came from.

    `origins[i]` is the code point of the original that folded character `i` came from; it never
    decreases. None where every position is the original's own. `length` is the original's.
    """

    text: str
    origins: tuple[int, ...] | None
    length: int

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The original's half-open range for the non-empty folded range `start`..`end`.

        What folding dropped inside the range or right behind it belongs to the range.
        """
        if self.origins is None:
            return start, end
        following = self.origins[end] if end < len(self.origins) else self.length
        return self.origins[start], max(following, self.origins[end - 1] + 1)


class Folder:
    """Folds texts; immutable.

    `doubled` holds the beginnings, up to and with a double letter, of the words that rules look
    for ("kill", "ass"): there a stretched letter is cut to two ("killlll"), elsewhere to one
    ("fuuuck"), since English alone does not say which was meant. `spelling` holds the words that
    are found behind other disguises too.
    """

    def __init__(self, doubled: frozenset[str], spelling: Spelling | None = None) -> None:
        self._doubled = doubled
        self._spelling = spelling or Spelling()

    def fold(self, text: str) -> Folded:
        """Fold `text`. Linear in its length."""
        folded = text
        origins: list[int] | None = None
        if not text.isascii():
            folded, origins = _fold_characters(text)
        if "#" in folded:
            folded, origins = apply(_hump_edits(folded), folded, origins)
        folded = _DISGUISED.sub(_undisguise, folded.lower().replace("`", "'"))
        if _STRETCHED.search(folded):
            folded, origins = self._cut_stretches(folded, origins)
        for edits in self._disguises(folded):
            folded, origins = apply(edits(folded), folded, origins)
        return Folded(folded, None if origins is None else tuple(origins), len(text))

    def _disguises(self, text: str) -> Iterator[Callable[[str], Iterator[Edit]]]:
        """Which disguises `text` may hold, in the order in which they are undone."""
        if not text.isascii():
            yield self._spelling.emoji_edits
        yield self._spelling.joining_edits
        if not text.isascii() or "*" in text:
            yield self._spelling.unmasking_edits
        if "#" in text:
            yield self._spelling.hashtag_edits
        yield self._spelling.respelling_edits

    def _cut_stretches(self, text: str, origins: list[int] | None) -> tuple[str, list[int]]:
        kept: list[int] = []
        out: list[str] = []
        position = 0
        for run in _STRETCHED.finditer(text):
            out.extend(text[position : run.start()])
            kept.extend(range(position, run.start()))
            letter = run[1]
            tail = "".join(out[-_LONGEST_PREFIX:])
            prefix = tail[len(tail.rstrip(ascii_lowercase)) :]
            copies = 2 if prefix + letter + letter in self._doubled else 1
            out.extend(letter * copies)
            kept.extend(range(run.start(), run.start() + copies))
            position = run.end()
        out.extend(text[position:])
        kept.extend(range(position, len(text)))
        if origins is not None:
            kept = [origins[index] for index in kept]
        return "".join(out), kept


def without_variation(emoji: str) -> str:
    """An emoji as it stands in folded text, where joiners and variation selectors are dropped."""
    return "".join(_fold_character(character) for character in emoji)


def _hump_edits(text: str) -> Iterator[Edit]:
    """Blanks between the words of hashtags in camel case."""
    for tag in _HASHTAG.finditer(text):
        for hump in _HUMP.finditer(text, *tag.span()):
            yield hump.start(), hump.start(), " "


def _fold_characters(text: str) -> tuple[str, list[int] | None]:
    """Fold all but ASCII; no origins where each character became exactly one."""
    folds = {character: _fold_character(character) for character in set(text)}
    if all(len(piece) == 1 for piece in folds.values()):
        for character, piece in folds.items():
            if piece != character:
                text = text.replace(character, piece)
        return text, None
    pieces = [folds[character] for character in text]
    origins = [index for index, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), origins


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    if character.isascii():
        return character
    if character in _QUOTES:
        return _QUOTES[character]
    if character in _LOOK_ALIKES:
        return _LOOK_ALIKES[character]
    # Compatibility decomposition (Unicode Standard Annex 15), so that marks come loose and can
    # be dropped; twice, since case folding can bring new ones. Lower case at the end, since the
    # case folding of a few scripts is upper case.
    decomposed = unicodedata.normalize("NFKD", character).casefold()
    kept = "".join(
        part
        for part in unicodedata.normalize("NFKD", decomposed)
        if unicodedata.category(part) not in _DROPPED_CATEGORIES
    ).lower()
    return "".join(_LOOK_ALIKES.get(part, part) for part in kept)


def _undisguise(match: re.Match[str]) -> str:
    """Read digits and signs as letters where a word leaves no other reading.

    "sh1t", "a55" and "$hit" are words; "24h", "$500" and a long reference number are not.
    """
    text, start, end = match.string, match.start(), match.end()
    behind = start > 0 and text[start - 1] in ascii_lowercase
    ahead = end < len(text) and text[end] in ascii_lowercase
    ends_word = end == len(text) or not text[end].isalnum()
    starts_with_sign = match[0] in ("@", "$") and (start == 0 or not text[start - 1].isalnum())
    disguised = len(match[0]) <= 3 and behind and (ahead or ends_word)
    if disguised or (ahead and starts_with_sign):
        return match[0].translate(_DISGUISE)
    return match[0]
