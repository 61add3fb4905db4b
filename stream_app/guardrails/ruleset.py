"""The rules ready to use, and the one function that applies them to a text; reads no file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import itemgetter, or_

from schemas import Finding, Guardrail, Severity, Span
from stream_app.guardrails.folding import Folded, Folder
from stream_app.guardrails.learned import LearnedThresholds
from stream_app.guardrails.pattern import whole_words
from stream_app.guardrails.prefilter import Prefilter
from stream_app.guardrails.required_words import Requirement

MAX_FINDINGS_PER_RULE = 5
"""A person needs no more to see why; a text of nothing but swear words would give thousands."""

Range = tuple[int, int]
"""Where something stands in a folded text: from, and up to but not with."""

_WORD = re.compile(r"\w+")


def words_of(folded_text: str) -> frozenset[str]:
    """The words of a folded text."""
    return frozenset(_WORD.findall(folded_text))


@dataclass(frozen=True)
class RulePattern:
    """An expanded pattern, compiled when it is first needed, and what its alternatives require.

    Compiling takes seconds for all the patterns of a large file, and a text needs few of them.
    """

    expanded: str
    alternatives: tuple[tuple[Requirement, ...], ...]

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Matches the pattern. Raises `PatternError` as `pattern.whole_words` does."""
        return whole_words(self.expanded)


# Without `eq`, so that the hash is the identity's: rules are keys for every text.
@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    """A rule ready to match: a match of a pattern counts unless one of `unless` overlaps it."""

    id: str
    guardrail: Guardrail
    severity: Severity
    patterns: tuple[RulePattern, ...]
    unless: tuple[RulePattern, ...]


class RuleSet:
    """Compiled rules: immutable, so one serves all threads.

    `version` is the rules file's; decisions carry it. `rules` are in the order of findings.
    `learned` says when a learned model's answer counts, `groups` are expanded patterns of what
    names a group of people.
    """

    def __init__(
        self,
        version: str,
        folder: Folder,
        rules: Sequence[CompiledRule],
        *,
        learned: LearnedThresholds,
        groups: Sequence[str],
    ) -> None:
        self.version = version
        self.learned = learned
        self._folder = folder
        self._groups = [RulePattern(pattern, alternatives=()) for pattern in groups]
        order = (Guardrail.URGENCY, Guardrail.TOXICITY)
        self.rules = tuple(sorted(rules, key=lambda rule: order.index(rule.guardrail)))
        self._patterns = _Patterns({rule: rule.patterns for rule in self.rules})
        self._exceptions = _Patterns({rule: rule.unless for rule in self.rules})

    def compile(self) -> None:
        """Compile what is otherwise compiled when a text first needs it. Takes a second or two.

        Raises `PatternError` as `RulePattern.regex` does.
        """
        for pattern in (*self._patterns, *self._exceptions, *self._groups):
            pattern.regex  # noqa: B018 - computed here, and kept

    def inspect(self, text: str) -> tuple[Finding, ...]:
        """The findings of `text`: urgency, then toxicity; by rule order, then position.

        Pure. Spans are code points of `text`. At most `MAX_FINDINGS_PER_RULE` of one rule.
        """
        folded = self._folder.fold(text)
        words = words_of(folded.text)
        matches = self._patterns.spans(folded.text, words)
        if not matches:
            return ()
        exceptions = self._exceptions.spans(folded.text, words, only=matches)
        outside = self._patterns.spans(folded.text, words, only=exceptions, outside=exceptions)
        return tuple(
            finding
            for rule, spans in matches.items()
            for finding in _findings(
                rule, folded, outside.get(rule, ()) if rule in exceptions else spans
            )
        )

    def names_group(self, text: str) -> bool:
        """Whether `text` names a group of people, to attack it or for any other reason."""
        folded = self._folder.fold(text).text
        return any(pattern.regex.search(folded) for pattern in self._groups)


class _Patterns:
    """The patterns of all rules, of which only those that a text may match are searched."""

    def __init__(self, patterns: Mapping[CompiledRule, Sequence[RulePattern]]) -> None:
        self._listed = [(rule, pattern) for rule, some in patterns.items() for pattern in some]
        self._prefilter = Prefilter(
            (number, requirements)
            for number, (_, pattern) in enumerate(self._listed)
            for requirements in pattern.alternatives
        )
        self._alternatives = {
            rule: self._prefilter.alternatives_of(
                {number for number, (owner, _) in enumerate(self._listed) if owner is rule}
            )
            for rule in patterns
        }
        self._every_alternative = self._among(patterns)

    def __iter__(self) -> Iterator[RulePattern]:
        return (pattern for _, pattern in self._listed)

    def _among(self, rules: Iterable[CompiledRule]) -> int:
        return reduce(or_, (self._alternatives[rule] for rule in rules), 0)

    def spans(
        self,
        text: str,
        words: Iterable[str],
        only: Iterable[CompiledRule] | None = None,
        outside: Mapping[CompiledRule, Iterable[Range]] | None = None,
    ) -> dict[CompiledRule, list[Range]]:
        """Where the patterns of each rule match, for rules with a match, in their order.

        By beginning; of those with the same beginning, the earlier pattern's first. Matches that
        overlap a range of `outside` for their rule do not count.
        """
        found: dict[CompiledRule, list[Range]] = {}
        barred = {rule: _merged(ranges) for rule, ranges in (outside or {}).items()}
        among = self._every_alternative if only is None else self._among(only)
        for number in self._prefilter.possible(words, among):
            rule, pattern = self._listed[number]
            spans = list(_outside(barred.get(rule, ()), pattern.regex, text))
            if spans:
                found.setdefault(rule, []).extend(spans)
        for spans in found.values():
            spans.sort(key=itemgetter(0))
        return found


def _outside(barred: Sequence[Range], regex: re.Pattern[str], text: str) -> Iterator[Range]:
    """The matches of `regex` that overlap no range of `barred`, which are disjoint and in order.

    Behind a barred range the search begins anew: a match that reaches over one, from a question
    into the next sentence, may hide another that lies behind it.
    """
    position = 0
    while match := regex.search(text, position):
        start, end = match.span()
        nearest = bisect_right(barred, start, key=itemgetter(1))
        if nearest < len(barred) and barred[nearest][0] < end:
            position = barred[nearest][1]
        else:
            yield start, end
            position = max(end, start + 1)


def _findings(rule: CompiledRule, folded: Folded, spans: Iterable[Range]) -> Iterator[Finding]:
    """The first `MAX_FINDINGS_PER_RULE` of one rule; of overlapping matches the first counts."""
    found = last_end = 0
    for start, end in spans:
        if start < last_end:
            continue
        last_end = end
        first, behind = folded.original_span(start, end)
        yield Finding(
            guardrail=rule.guardrail,
            rule=rule.id,
            severity=rule.severity,
            span=Span(start=first, end=behind),
        )
        found += 1
        if found == MAX_FINDINGS_PER_RULE:
            return


def _merged(spans: Iterable[Range]) -> list[Range]:
    """Spans in order of their beginnings as the disjoint ones that they cover."""
    merged: list[Range] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
