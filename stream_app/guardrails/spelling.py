"""Undoes disguises that only the words looked for can tell from plain text; knows no rule.

"f u c k" and "id-iot", "b*tch", "womn" and "todie", "#KillAll": each is read as the words that a
rules file lists, and every other text stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

Edit = tuple[int, int, str]
"""What to put in place of the half-open range. Edits come in order and do not overlap."""

_WORD = re.compile(r"[a-z]+")
_MASK = "*"
_EMOJI = re.compile("[\u2600-\u27bf\U0001f1e6-\U0001faff]")
_SKIN_TONE = "[\U0001f3fb-\U0001f3ff]?"

# Letters one by one, with the same few signs between as people put there.
_SPACED = re.compile(r"(?<![^\W_])[a-z](?:[ .,*_|/'-]{1,2}[a-z](?![^\W_])){2,}+")
_BROKEN = re.compile(r"(?<![a-z])[a-z]++(?:[.,_|'!-][a-z]++)+")
_MASKED = re.compile(r"(?<![a-z*])[a-z]++(?:\*++[a-z]*+)+")
_HASHTAG = re.compile(r"#([a-z]{4,60})(?![a-z])")

_VOWELS = "aeiou"
_SHORTEST_MISSPELT = 4
_CONFUSABLE = 6
"""Up to this length, a word that loses one of two neighbouring vowels is often another word."""

_LONGEST_WORD = 24


@dataclass(frozen=True)
class Spelling:
    """The words that are also read when disguised.

    `words` are looked for; `glue` are little words that get written together with one of them;
    `plain` are words of the language that would otherwise be taken for a misspelling; `emoji`
    gives the word that an emoji, without variation selectors, stands for.
    """

    words: tuple[str, ...] = ()
    glue: tuple[str, ...] = ()
    plain: frozenset[str] = frozenset()
    emoji: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = frozenset(self.words)
        vocabulary = known | frozenset(self.glue)
        readings: dict[str, str] = {}
        for word in self.words:
            for misspelt in _misspellings(word):
                readings.setdefault(misspelt, word)
            for other in vocabulary:
                readings.setdefault(word + other, f"{word} {other}")
                readings.setdefault(other + word, f"{other} {word}")
        for word in vocabulary | self.plain:
            readings.pop(word, None)
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_vocabulary", vocabulary)
        object.__setattr__(self, "_readings", readings)
        object.__setattr__(self, "_emoji_pattern", _repeated(self.emoji) if self.emoji else None)

    _known: frozenset[str] = field(init=False, repr=False, compare=False)
    _vocabulary: frozenset[str] = field(init=False, repr=False, compare=False)
    _readings: dict[str, str] = field(init=False, repr=False, compare=False)
    _emoji_pattern: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def emoji_edits(self, text: str) -> Iterator[Edit]:
        """Emoji inside a word stand for a letter; others for the word that they are listed for."""
        if self._emoji_pattern is None:
            return
        inside = {
            match.start()
            for match in _EMOJI.finditer(text)
            if match.start() > 0
            and match.end() < len(text)
            and _letter(text[match.start() - 1])
            and _letter(text[match.end()])
        }
        edits = [(start, start + 1, _MASK) for start in inside]
        for match in self._emoji_pattern.finditer(text):
            start, end = match.span()
            if start not in inside:
                edits += [(start, start, " "), (start, end, self.emoji[match[1]])]
                edits += [(end, end, " ")] if end < len(text) else []
        # By place alone: at one place, they stand in the order in which they are made.
        yield from sorted(edits, key=lambda edit: edit[:2])

    def joining_edits(self, text: str) -> Iterator[Edit]:
        """Drop what stands between the letters of a word."""
        broken = [edit for match in _BROKEN.finditer(text) for edit in self._mend(match)]
        spaced = [edit for match in _SPACED.finditer(text) for edit in self._close_up(match)]
        taken = {position for start, end, _ in spaced for position in range(start, end)}
        yield from sorted(spaced + [edit for edit in broken if edit[0] not in taken])

    def _mend(self, match: re.Match[str]) -> Iterator[Edit]:
        text, first = match[0], match.start()
        if "".join(_WORD.findall(text)) in self._known:
            for index, character in enumerate(text):
                if not _letter(character):
                    yield first + index, first + index + 1, ""
        elif text.replace("!", "i") in self._known:
            for index, character in enumerate(text):
                if character == "!":
                    yield first + index, first + index + 1, "i"

    def _close_up(self, match: re.Match[str]) -> Iterator[Edit]:
        first = match.start()
        places = [first + index for index, character in enumerate(match[0]) if _letter(character)]
        letters = "".join(match.string[place] for place in places)
        at = 0
        while at < len(letters):
            word = self._longest_at(letters, at)
            for left, right in pairwise(places[at : at + len(word)]):
                yield left + 1, right, ""
            at += max(len(word), 1)

    def _longest_at(self, letters: str, at: int) -> str:
        for length in range(min(_LONGEST_WORD, len(letters) - at), 2, -1):
            if letters[at : at + length] in self._known:
                return letters[at : at + length]
        return ""

    def unmasking_edits(self, text: str) -> Iterator[Edit]:
        """Read each star inside a word as the letter that makes it a word looked for."""
        for match in _MASKED.finditer(text):
            masked = match[0]
            if len(masked) <= _LONGEST_WORD and (word := self._unmasked(masked)):
                yield match.start(), match.end(), word

    def _unmasked(self, masked: str) -> str | None:
        pattern = re.compile(masked.replace(_MASK, "[a-z]"))
        return next((word for word in self.words if pattern.fullmatch(word)), None)

    def hashtag_edits(self, text: str) -> Iterator[Edit]:
        """Put blanks between the words of a hashtag that consists of known words alone."""
        for match in _HASHTAG.finditer(text):
            parts = self._parts(match[1])
            at = match.start(1)
            for part in parts[:-1]:
                at += len(part)
                yield at, at, " "

    def _parts(self, tag: str) -> list[str]:
        """The words of `tag`, of which one is looked for; empty where it is no such sequence."""
        best: list[list[str] | None] = [[], *([None] * len(tag))]
        for end in range(1, len(tag) + 1):
            for start in range(max(0, end - _LONGEST_WORD), end):
                before = best[start]
                if before is not None and tag[start:end] in self._vocabulary:
                    best[end] = [*before, tag[start:end]]
                    break
        parts = best[-1] or []
        return parts if self._known.intersection(parts) else []

    def respelling_edits(self, text: str) -> Iterator[Edit]:
        """Read misspelt words as they are spelt, and part words that were written as one."""
        if self._readings.keys().isdisjoint(_WORD.findall(text)):
            return
        for match in _WORD.finditer(text):
            reading = self._readings.get(match[0])
            if reading is None:
                continue
            first, blank, _ = reading.partition(" ")
            if blank:
                yield match.start() + len(first), match.start() + len(first), " "
            else:
                yield match.start(), match.end(), reading


def _repeated(emoji: Iterable[str]) -> re.Pattern[str]:
    """Any of the emoji once or several times in a row, in any skin."""
    longest_first = sorted(emoji, key=len, reverse=True)
    one = "|".join(map(re.escape, longest_first))
    return re.compile(rf"({one}){_SKIN_TONE}(?:\1{_SKIN_TONE})*+")


def _letter(character: str) -> bool:
    return "a" <= character <= "z"


def _misspellings(word: str) -> Iterator[str]:
    """A vowel dropped or doubled, or two neighbours swapped: what people do to slip past."""
    if len(word) < _SHORTEST_MISSPELT:
        return
    for index in range(1, len(word)):
        if word[index] in _VOWELS:
            yield word[:index] + word[index] + word[index:]
            clear = len(word) > _CONFUSABLE or not _touches_vowel(word, index)
            if clear and index < len(word) - 1:
                yield word[:index] + word[index + 1 :]
    for index in range(len(word) - 1):
        swapped = word[:index] + word[index + 1] + word[index] + word[index + 2 :]
        if swapped != word:
            yield swapped


def _touches_vowel(word: str, index: int) -> bool:
    return any(letter in _VOWELS for letter in (word[index - 1], *word[index + 1 : index + 2]))


def apply(
    edits: Iterable[Edit], text: str, origins: list[int] | None
) -> tuple[str, list[int] | None]:
    """`text` with the edits made, and the place in the original of each of its characters.

    What an edit puts in counts as coming from the range that it replaces.
    """
    pieces: list[str] = []
    places: list[int] = []
    position = 0
    for start, end, replacement in edits:
        pieces += (text[position:start], replacement)
        places += range(position, start)
        last = max(start, end - 1)
        places += (min(start + index, last) for index in range(len(replacement)))
        position = end
    if not pieces:
        return text, origins
    pieces.append(text[position:])
    places += range(position, len(text))
    if origins is not None:
        # A blank put in at the very end would come from behind the text; none is.
        places = [origins[place] for place in places]
    return "".join(pieces), places
