"""Compiled rules and the one function that applies them to a text; reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas import Finding, Guardrail, Severity, Span
from stream_app.guardrails.folding import Folded, Folder
from stream_app.guardrails.learned import Thresholds

MAX_FINDINGS_PER_RULE = 5
"""A person needs no more to see why; a text of nothing but swear words would give thousands."""

_WORD = re.compile(r"\w+")


def words_of(folded_text: str) -> frozenset[str]:
    """The words of a folded text."""
    return frozenset(_WORD.findall(folded_text))


def word_beginnings(words: Iterable[str]) -> frozenset[str]:
    """The first four characters of each word: enough to tell cheaply which rules can match."""
    return frozenset([word[:4] for word in words])


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready to match: a match of `matches` counts unless one of `unless` overlaps it.

    Every match has one of the words `needs_words`, or one that begins with one of `needs`, and
    one that begins with one of `needs_also`; beginnings as `word_beginnings` gives them. Empty
    where nothing is known.
    """

    id: str
    guardrail: Guardrail
    severity: Severity
    needs: frozenset[str]
    needs_words: frozenset[str]
    needs_also: frozenset[str]
    matches: re.Pattern[str]
    unless: re.Pattern[str] | None

    def can_match(self, words: frozenset[str], beginnings: frozenset[str]) -> bool:
        """Whether a text of these words and word beginnings is worth a search."""
        has_one = (
            not self.needs.isdisjoint(beginnings)
            or not self.needs_words.isdisjoint(words)
            or not (self.needs or self.needs_words)
        )
        return has_one and (not self.needs_also or not self.needs_also.isdisjoint(beginnings))

    def findings(self, folded: Folded) -> Iterator[Finding]:
        """The first `MAX_FINDINGS_PER_RULE` findings, left to right."""
        exceptions: list[re.Match[str]] | None = None
        next_exception = found = 0
        for match in self.matches.finditer(folded.text):
            if self.unless is not None:
                if exceptions is None:
                    exceptions = list(self.unless.finditer(folded.text))
                while (
                    next_exception < len(exceptions)
                    and exceptions[next_exception].end() <= match.start()
                ):
                    next_exception += 1
                if (
                    next_exception < len(exceptions)
                    and exceptions[next_exception].start() < match.end()
                ):
                    continue
            start, end = folded.original_span(*match.span())
            yield Finding(
                guardrail=self.guardrail,
                rule=self.id,
                severity=self.severity,
                span=Span(start=start, end=end),
            )
            found += 1
            if found == MAX_FINDINGS_PER_RULE:
                return


class RuleSet:
    """Compiled rules: immutable, so one serves all threads.

    `version` is the rules file's; decisions carry it. `rules` are in the order of findings.
    `learned` says when the learned model's answer counts.
    """

    def __init__(
        self,
        version: str,
        folder: Folder,
        rules: Sequence[CompiledRule],
        *,
        learned: Thresholds,
    ) -> None:
        self.version = version
        self.learned = learned
        self._folder = folder
        order = (Guardrail.URGENCY, Guardrail.TOXICITY)
        self.rules = tuple(sorted(rules, key=lambda rule: order.index(rule.guardrail)))

    def inspect(self, text: str) -> tuple[Finding, ...]:
        """The findings of `text`: urgency, then toxicity; by rule order, then position.

        Pure. Spans are code points of `text`. At most `MAX_FINDINGS_PER_RULE` of one rule.
        """
        folded = self._folder.fold(text)
        words = words_of(folded.text)
        beginnings = word_beginnings(words)
        return tuple(
            finding
            for rule in self.rules
            if rule.can_match(words, beginnings)
            for finding in rule.findings(folded)
        )
