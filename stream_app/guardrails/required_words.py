"""Tells from a pattern alone which words a text must hold for it to match; searches no text.

Searching every text for every pattern is what rules would cost most. Looking up the words of a
text is cheap, so a pattern is searched only in texts that hold the words it cannot do without.
The idea is that of RE2's filtered matching (Cox, "Regular Expression Matching with a Trigram
Index", 2012), with words in place of trigrams.
"""

from __future__ import annotations

import re
import re._constants as ops  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from stream_app.guardrails.pattern import GAP, LIST_REFERENCE, PatternError

BEGINNING = 4
"""How many characters of a word its beginning has: enough to tell most words apart."""

Requirement = frozenset[str]
"""Words of which a text must hold one. One that ends in * is the beginning of a word."""

Node = tuple[Any, Any]
"""An operator of a parsed regular expression and its argument."""

# A shape is what a part of a pattern can match: word characters as they are, one of these where
# words end, and one of these for anything at all, whole words included.
_BOUNDARY = " "
_UNKNOWN = "\0"

_MOST_SHAPES = 1024
_FEW = 8
_FIRST_LIST = 0xE000
_RUN = "run"
_REPEATS = (ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT)


class RequiredWords:
    """Reads the patterns of one rules file.

    `lists` are its lists; `commonness` says how often a word, or a beginning with *, is to be
    expected: of several words that a pattern needs, the rarest tells most.
    """

    def __init__(
        self, lists: Mapping[str, Sequence[str]], commonness: Callable[[str], float]
    ) -> None:
        self._entries = list(lists.values())
        self._signs = {name: chr(_FIRST_LIST + place) for place, name in enumerate(lists)}
        self._shapes_of_lists: dict[int, frozenset[str]] = {}
        self._needs_of_lists: dict[int, Requirement | None] = {}
        self._commonness = lru_cache(maxsize=None)(commonness)
        # Entries and shapes come back in pattern after pattern: twice the time without these.
        self._parse = lru_cache(maxsize=None)(self._parse_once)
        self._rarest_of = lru_cache(maxsize=None)(self._rarest_word)
        self._shortened = lru_cache(maxsize=None)(self._keep_rarest_whole_word)

    def alternatives(self, pattern: str) -> Iterator[list[Requirement]]:
        """For each alternative of `pattern`, requirements that all hold in what it matches.

        The rarest first. None for an alternative of which nothing is known.
        """
        for nodes in self._alternatives(self._parse(pattern)):
            yield sorted(self._requirements(nodes), key=self._commonness_of_all)

    def _commonness_of_all(self, words: Requirement) -> float:
        return sum(map(self._commonness, words))

    def _parse_once(self, pattern: str) -> Sequence[Node]:
        # Words that a gap lets in are not known, so all that is left of it is that words end.
        source = GAP.sub(r"\g<follows>", pattern)
        source = LIST_REFERENCE.sub(lambda reference: self._signs[reference[1]], source)
        try:
            parsed: Sequence[Node] = parser.parse(source)
        except re.error as error:
            raise PatternError(f"{pattern!r} is no regular expression: {error.msg}") from error
        return parsed

    def _list_of(self, node: Node) -> int | None:
        operator, argument = node
        is_list = operator is ops.LITERAL and 0 <= argument - _FIRST_LIST < len(self._entries)
        return argument - _FIRST_LIST if is_list else None

    def _branches(self, node: Node) -> Sequence[Sequence[Node]]:
        """What a node chooses between; none where it is no choice.

        The parser makes a class of characters of a choice between lists, as each is one sign.
        """
        operator, argument = node
        if operator is ops.BRANCH:
            branches: Sequence[Sequence[Node]] = argument[1]
            return branches
        if operator is ops.IN and any(self._list_of(member) is not None for member in argument):
            return [[member] for member in argument]
        return ()

    def _alternatives(self, nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
        if len(nodes) == 1:
            operator, argument = nodes[0]
            place = self._list_of(nodes[0])
            inner: Iterable[Sequence[Node]] = self._branches(nodes[0])
            if operator is ops.SUBPATTERN:
                inner = [argument[-1]]
            elif place is not None:
                inner = map(self._parse, self._entries[place])
            for one in inner:
                yield from self._alternatives(one)
            if inner:
                return
        yield nodes

    def _requirements(self, nodes: Sequence[Node]) -> Iterator[Requirement]:
        """One for each stretch between two word ends that every match has in common."""
        current = {_BOUNDARY}
        before: Node | None = None
        for node in _with_runs(_flattened(nodes)):
            following = self._shapes_of(node)
            if following == {_BOUNDARY}:
                yield from self._one_of_each(current)
                if before is not None:
                    yield from self._one_of_each_alternative(before)
                current = {_BOUNDARY}
                before = None
                continue
            before = node if current == {_BOUNDARY} else None
            joined = self._joined(current, following)
            if joined is None:
                yield from self._one_of_each({shape + _UNKNOWN for shape in current})
                last_words = {_BOUNDARY + shape.rpartition(_BOUNDARY)[2] for shape in current}
                joined = self._joined(last_words, following)
            current = joined or {_beside(_UNKNOWN, shape) for shape in following}
        yield from self._one_of_each(current)
        if before is not None and len(nodes) > 1:
            yield from self._one_of_each_alternative(before)

    def _one_of_each_alternative(self, node: Node) -> Iterator[Requirement]:
        """What a part between two word ends needs, told from its alternatives one by one.

        Of many long alternatives, shapes keep less than each of them needs.
        """
        place = self._list_of(node)
        if place is None and not self._branches(node):
            return
        if place is None or place not in self._needs_of_lists:
            each = [
                min(self._requirements(nodes), key=self._commonness_of_all, default=None)
                for nodes in self._alternatives([node])
            ]
            known = [needs for needs in each if needs is not None]
            needs = frozenset().union(*known) if len(known) == len(each) else None
            if place is not None:
                self._needs_of_lists[place] = needs
        else:
            needs = self._needs_of_lists[place]
        if needs:
            yield needs

    def _one_of_each(self, shapes: Iterable[str]) -> Iterator[Requirement]:
        """The rarest word of each shape, where each has one; a shape ends where words end."""
        words = {self._rarest_of(shape) for shape in shapes}
        known = frozenset(word for word in words if word is not None)
        if known and len(known) == len(words):
            yield known

    def _rarest_word(self, shape: str) -> str | None:
        words = map(_requirable, shape.split(_BOUNDARY))
        return min(filter(None, words), key=self._commonness, default=None)

    def _shapes_of_all(self, nodes: Iterable[Node]) -> set[str]:
        shapes = {""}
        for node in _with_runs(nodes):
            joined = self._joined(shapes, self._shapes_of(node))
            shapes = {_beside(shape, _UNKNOWN) for shape in shapes} if joined is None else joined
        return shapes

    def _joined(self, left: Iterable[str], right: Iterable[str]) -> set[str] | None:
        """Every shape of `left` followed by every one of `right`; None where they are too many."""
        left, right = set(left), set(right)
        if len(right) == 1 and (one := next(iter(right))).isalnum():
            return {shape + one for shape in left}
        for shorten in (self._shortened, self._without_last_word):
            if len(left) * len(right) <= _MOST_SHAPES:
                break
            left = {shorten(shape) for shape in left}
            right = {self._shortened(shape) for shape in right}
        if len(left) * len(right) > _MOST_SHAPES:
            return None
        return {_beside(first, second) for first in left for second in right}

    def _keep_rarest_whole_word(self, shape: str) -> str:
        """Only one of the words that are whole: the others at the ends may yet go on."""
        if shape.count(_BOUNDARY) < 2:
            return shape
        first, *whole, last = shape.split(_BOUNDARY)
        kept = self._rarest_of(_BOUNDARY.join(whole))
        if kept is None:
            return f"{first}{_BOUNDARY}{last}"
        begun = kept.endswith("*") or len(kept) > BEGINNING
        return f"{first} {kept[:BEGINNING] + _UNKNOWN if begun else kept} {last}"

    def _without_last_word(self, shape: str) -> str:
        *known, _ = shape.split(_BOUNDARY)
        if len(known) < 2 or len(known[1]) < BEGINNING:
            return shape
        return _BOUNDARY.join((*known, _UNKNOWN))

    def _shapes_of(self, node: Node) -> frozenset[str] | set[str]:
        operator, argument = node
        if operator == _RUN:
            return {argument}
        place = self._list_of(node)
        if place is not None:
            return self._shapes_of_list(place)
        if branches := self._branches(node):
            return {shape for branch in branches for shape in self._shapes_of_all(branch)}
        if operator is ops.LITERAL:
            return _shapes_of_character(chr(argument))
        if operator is ops.IN:
            return _shapes_of_class(argument)
        if operator is ops.AT:
            return {_BOUNDARY} if argument is ops.AT_BOUNDARY else {""}
        if operator in (ops.ASSERT, ops.ASSERT_NOT):
            return {""}
        if operator is ops.SUBPATTERN:
            return self._shapes_of_all(argument[-1])
        if operator is ops.ATOMIC_GROUP:
            return self._shapes_of_all(argument)
        if operator in _REPEATS:
            return self._shapes_of_repeat(*argument)
        return {_UNKNOWN}

    def _shapes_of_list(self, place: int) -> frozenset[str]:
        if place not in self._shapes_of_lists:
            self._shapes_of_lists[place] = frozenset(
                shape
                for entry in self._entries[place]
                for shape in self._shapes_of_all(self._parse(entry))
            )
        return self._shapes_of_lists[place]

    def _shapes_of_repeat(self, at_least: int, at_most: int, nodes: Iterable[Node]) -> set[str]:
        once = self._shapes_of_all(nodes)
        shapes = set() if at_least else {""}
        if once == {_BOUNDARY} or at_most == 1:
            return shapes | once
        if len(once) <= _FEW:
            twice_or_more = {
                _beside(_beside(first, _UNKNOWN), last) for first in once for last in once
            }
            return shapes | once | twice_or_more
        before = _BOUNDARY if all(shape.startswith(_BOUNDARY) for shape in once) else ""
        behind = _BOUNDARY if all(shape.endswith(_BOUNDARY) for shape in once) else ""
        return shapes | {before + _UNKNOWN + behind}


def _shapes_of_character(character: str) -> set[str]:
    in_word = character.isalnum() or character == "_"
    return {character.lower() if in_word else _BOUNDARY}


def _shapes_of_class(members: Sequence[Node]) -> set[str]:
    """A class of a few characters, or of none that words are made of; else anything."""
    if (ops.NEGATE, None) in members:
        no_word = (ops.CATEGORY, ops.CATEGORY_WORD) in members
        return {_BOUNDARY} if no_word else {_UNKNOWN}
    shapes: set[str] = set()
    for operator, argument in members:
        if operator is ops.LITERAL:
            shapes |= _shapes_of_character(chr(argument))
        elif argument in (ops.CATEGORY_SPACE, ops.CATEGORY_NOT_WORD):
            shapes.add(_BOUNDARY)
        else:
            return {_UNKNOWN}
    return shapes


def _beside(first: str, second: str) -> str:
    """One shape behind the other, without what says nothing: " \0 " is no more than " "."""
    if not first or first[-1].isalnum() or not second or second[0].isalnum():
        return first + second
    if first[-1] == second[0] and first[-1] in (_BOUNDARY, _UNKNOWN):
        second = second[1:]
    if first.endswith(_BOUNDARY) and second.startswith(_UNKNOWN + _BOUNDARY):
        second = second[2:]
    if first.endswith(_BOUNDARY + _UNKNOWN) and second.startswith(_BOUNDARY):
        first = first[:-2]
    return first + second


def _requirable(word: str) -> str | None:
    """A whole word as it is, one whose end is not known as its beginning; else None."""
    beginning, unknown, _ = word.partition(_UNKNOWN)
    if not unknown:
        return word or None
    return beginning[:BEGINNING] + "*" if len(beginning) >= BEGINNING else None


def _flattened(nodes: Iterable[Node]) -> Iterator[Node]:
    for operator, argument in nodes:
        if operator is ops.SUBPATTERN:
            yield from _flattened(argument[-1])
        else:
            yield operator, argument


def _with_runs(nodes: Iterable[Node]) -> Iterator[Node]:
    """The same nodes, but letters and digits that stand in a row as one, of the operator `_RUN`."""
    run = ""
    for operator, argument in nodes:
        if operator is ops.LITERAL and argument < _FIRST_LIST and chr(argument).isalnum():
            run += chr(argument).lower()
            continue
        if run:
            yield _RUN, run
            run = ""
        yield operator, argument
    if run:
        yield _RUN, run
