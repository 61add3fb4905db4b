"""Makes foreign text safe to show on a terminal; shortens nothing but what is asked for.

A customer's text can hold escape sequences that move the cursor, set the window's title or hide
what follows. Whatever is not printable is shown as a Python escape instead.
"""

from __future__ import annotations


def one_line(text: str, width: int) -> str:
    """`text` on one line of at most `width` characters, an ellipsis where it was cut."""
    # Cut before the work: the text can be megabytes long.
    line = _escaped(" ".join(text[: 4 * width].split()))
    whole = len(text) <= 4 * width and len(line) <= width
    return line if whole else line[: width - 1] + "…"


def visible(text: str) -> str:
    """`text` with its line breaks and tabs, everything else that is not printable escaped."""
    return _escaped(text, kept="\n\t")


def _escaped(text: str, kept: str = "") -> str:
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in kept
        else character.encode("unicode_escape").decode()
        for character in text
    )
