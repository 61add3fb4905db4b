"""The kinds of noise that real tickets carry: each is a pure function of a text, chance and words.

None of them can empty a text, and each leaves a text alone where it finds nothing to change.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Literal

from training.noise.wording import Wording

Kind = Literal[
    "chat",
    "fillers",
    "typos",
    "punctuation",
    "preamble",
    "sign_off",
    "casing",
    "emoji",
    "line_breaks",
]
"""In the order in which they are applied: what a writer does to single words comes before what is
written around them."""

NoiseKind = Callable[[str, random.Random, Wording], str]

_NEIGHBOURS = {
    key: near
    for row in (("qwertyuiop"), ("asdfghjkl"), ("zxcvbnm"))
    for key, near in zip(row, (row[max(0, at - 1) : at + 2] for at in range(len(row))), strict=True)
}
"""Each letter's row neighbours on a QWERTY keyboard, the letter itself among them."""

_MOST_TYPOS = 3

_CURLY_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"


def chat(text: str, chance: random.Random, wording: Wording) -> str:
    """Spell some words as in a chat: each one that has such a form, seven times in ten."""
    if not wording.chat:
        return text
    longest_first = sorted(wording.chat, key=len, reverse=True)
    pattern = r"\b(?:" + "|".join(re.escape(word) for word in longest_first) + r")\b"

    def shortened(match: re.Match[str]) -> str:
        if chance.random() < 0.3:
            return match.group()
        # Case is ignored beyond what `lower` undoes: with a dotless or a dotted capital i, too.
        forms = wording.chat.get(match.group().lower())
        return chance.choice(forms) if forms else match.group()

    return re.sub(pattern, shortened, text.replace(_CURLY_APOSTROPHE, "'"), flags=re.IGNORECASE)


def fillers(text: str, chance: random.Random, wording: Wording) -> str:
    """Put one to three filler words between the words."""
    words = text.split()
    if not wording.fillers or not words:
        return text
    for _ in range(chance.randint(1, 3)):
        words.insert(chance.randrange(len(words)), chance.choice(wording.fillers))
    return " ".join(words)


def typos(text: str, chance: random.Random, _: Wording) -> str:
    """Make one to three typing errors: a neighbouring key, a swap, a drop or a double letter."""
    for _number in range(chance.randint(1, _MOST_TYPOS)):
        # A typo at the start of a word is rarer than inside one.
        places = [match.start() for match in re.finditer(r"(?<=[A-Za-z])[A-Za-z]", text)]
        if not places:
            return text
        at = chance.choice(places)
        text = text[:at] + _mistyped(text[at : at + 2], chance) + text[at + 2 :]
    return text


def _mistyped(pair: str, chance: random.Random) -> str:
    """`pair` is the letter that goes wrong and, if there is one, the character after it."""
    letter, rest = pair[0], pair[1:]
    match chance.randrange(4):
        case 0:
            near = chance.choice(_NEIGHBOURS[letter.lower()].replace(letter.lower(), ""))
            return (near.upper() if letter.isupper() else near) + rest
        case 1 if rest.isalpha():
            return rest + letter
        case 2:
            return rest
        case _:
            return letter + letter + rest


def punctuation(text: str, chance: random.Random, _: Wording) -> str:
    """Drop the punctuation, or repeat what stands at the end."""
    if chance.random() < 0.6:
        bare = re.sub(rf"[.,;:!?'{_CURLY_APOSTROPHE}\"-]", "", text)
        return bare if bare.strip() else text
    mark = chance.choice(("?", "!", ".", "?!"))
    return text.rstrip(".?! ") + mark * chance.randint(2, 5)


def preamble(text: str, chance: random.Random, wording: Wording) -> str:
    """Begin with a greeting, mostly followed by one or two sentences beside the point."""
    parts = [chance.choice(wording.greetings) + chance.choice((",", "!", ".", " -", ""))]
    if chance.random() < 0.8:
        parts += chance.sample(wording.preambles, chance.choice((1, 1, 2)))
    return " ".join([*parts, text])


def sign_off(text: str, chance: random.Random, wording: Wording) -> str:
    """End with a farewell, and perhaps a name and a mail program's footer."""
    parts = [text, chance.choice(wording.sign_offs) + chance.choice((".", ",", "!", ""))]
    if chance.random() < 0.5:
        parts.append(chance.choice(wording.names))
    if chance.random() < 0.2:
        parts.append(chance.choice(wording.footers))
    return chance.choice((" ", "\n")).join(parts)


def casing(text: str, chance: random.Random, _: Wording) -> str:
    """All capitals, none, every word capitalised, or capitals anywhere."""
    match chance.randrange(4):
        case 0:
            return text.upper()
        case 1:
            return text.lower()
        case 2:
            return text.title()
        case _:
            return "".join(
                letter.swapcase() if chance.random() < 0.15 else letter for letter in text
            )


def emoji(text: str, chance: random.Random, wording: Wording) -> str:
    """Add one to three emoji, mostly at the end."""
    if not wording.emoji:
        return text
    added = chance.choice(wording.emoji) * chance.randint(1, 3)
    if chance.random() < 0.7:
        return f"{text} {added}"
    words = text.split(" ")
    words.insert(chance.randrange(len(words) + 1), added)
    return " ".join(words)


def line_breaks(text: str, chance: random.Random, _: Wording) -> str:
    """Turn one to three spaces into line breaks or runs of blanks."""
    for _number in range(chance.randint(1, 3)):
        gaps = [match.start() for match in re.finditer(" ", text)]
        if not gaps:
            return text
        at = chance.choice(gaps)
        text = text[:at] + chance.choice(("\n", "\n\n", "\r\n", "   ")) + text[at + 1 :]
    return text


KINDS: Mapping[Kind, NoiseKind] = {
    "chat": chat,
    "fillers": fillers,
    "typos": typos,
    "punctuation": punctuation,
    "preamble": preamble,
    "sign_off": sign_off,
    "casing": casing,
    "emoji": emoji,
    "line_breaks": line_breaks,
}
