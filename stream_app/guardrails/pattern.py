"""The pattern language of the rules file and its translation to regular expressions.

A pattern is a regular expression over folded text that matches whole words only, in which
- a space stands for what separates two words of one sentence,
- ` ~ ` stands for up to four words between (` ~ ~ ` for eight), ` ~` at the end for four behind,
- `{name}` stands for any entry of the list `name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

# Possessive quantifiers throughout: a separator and a word share no character, so giving
# characters back never helps a match and would only cost time on hostile text.
_SEPARATOR = r"""(?:[^\w.!?;"']{1,4}+)"""
_GAP_WORD = rf"(?:{_SEPARATOR}[\w']++)"
_GAP_WORDS = 4
GAP = re.compile(r"(?P<tildes>(?: ~)+)(?P<follows> |$)")
"""A gap; `follows` is the blank behind it, empty at the end of a pattern."""

LIST_REFERENCE = re.compile(r"\{([a-z_]+)\}")
"""A list by its name in braces; the name is the first group."""
_WORD = re.compile(r"[a-z]+")


class PatternError(ValueError):
    """A pattern that cannot be used; the message says which and why, in one line."""


def expand(pattern: str, lists: Mapping[str, Iterable[str]]) -> str:
    """Replace each `{name}` of `pattern` by the alternatives of that list, lists in lists too.

    Raises `PatternError` for an unknown list and for one that contains itself.
    """
    return _expand(pattern, lists, open_lists=())


def _expand(pattern: str, lists: Mapping[str, Iterable[str]], open_lists: tuple[str, ...]) -> str:
    def alternatives(reference: re.Match[str]) -> str:
        name = reference[1]
        if name not in lists:
            raise PatternError(f"there is no list named {name}")
        if name in open_lists:
            raise PatternError(f"the list {name} contains itself")
        entries = (_expand(entry, lists, (*open_lists, name)) for entry in lists[name])
        return f"(?:{'|'.join(entries)})"

    return LIST_REFERENCE.sub(alternatives, pattern)


def translate(expanded: str) -> str:
    """The source of an expanded pattern as a regular expression.

    Raises `PatternError` for a ~ where none can stand. What else may be wrong, `whole_words` tells.
    """
    source = GAP.sub(_gap, expanded).replace(" ", _SEPARATOR)
    if "~" in source:
        raise PatternError(f"{expanded!r} has a ~ that stands neither between words nor at the end")
    return source


def _gap(match: re.Match[str]) -> str:
    at_most = _GAP_WORDS * match["tildes"].count("~")
    words = f"{_GAP_WORD}{{0,{at_most}}}"
    return f"{words}?{_SEPARATOR}" if match["follows"] else words


def whole_words(expanded: str) -> re.Pattern[str]:
    """A regular expression that matches an expanded pattern, from word end to word end.

    Raises `PatternError` where it is no regular expression or matches the empty text.
    """
    source = translate(expanded)
    try:
        compiled = re.compile(rf"(?<!\w)(?:{source})(?!\w)")
    except re.error as error:
        raise PatternError(f"{expanded!r} is no regular expression: {error.msg}") from error
    if compiled.match(""):
        raise PatternError(f"{expanded!r} matches the empty text")
    return compiled


def doubled_prefixes(expanded: Iterable[str]) -> frozenset[str]:
    """The beginnings, up to and with a double letter, of the words in expanded patterns."""
    return frozenset(
        word[: index + 2]
        for pattern in expanded
        for word in _WORD.findall(pattern)
        for index in range(len(word) - 1)
        if word[index] == word[index + 1]
    )
