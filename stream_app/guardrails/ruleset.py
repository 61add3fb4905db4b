"""Compiled rules and the one function that applies them to a text; reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas import Finding, Guardrail, Severity, Span
from stream_app.guardrails.folding import Folded, Folder

MAX_FINDINGS_PER_RULE = 5
"""A person needs no more to see why; a text of nothing but swear words would give thousands."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule ready to match: a match of `matches` counts unless one of `unless` overlaps it."""

    id: str
    guardrail: Guardrail
    severity: Severity
    matches: re.Pattern[str]
    unless: re.Pattern[str] | None

    def findings(self, folded: Folded, position: int) -> Iterator[Finding]:
        """The first `MAX_FINDINGS_PER_RULE` findings from folded `position` on, left to right."""
        exceptions: list[re.Match[str]] | None = None
        next_exception = found = 0
        for match in self.matches.finditer(folded.text, position):
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


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """The rules of one guardrail behind `any_match`, which matches where any of them does.

    Most tickets match no rule, and one pass of one expression is cheaper than a pass a rule.
    """

    any_match: re.Pattern[str]
    rules: Sequence[CompiledRule]

    def findings(self, folded: Folded) -> Iterator[Finding]:
        """The findings of the group's rules, in order of rule, then position."""
        first = self.any_match.search(folded.text)
        if first is None:
            return
        for rule in self.rules:
            yield from rule.findings(folded, first.start())


class RuleSet:
    """Compiled rules: immutable, so one serves all threads.

    `version` is the rules file's; decisions carry it.
    """

    def __init__(self, version: str, folder: Folder, groups: Sequence[RuleGroup]) -> None:
        self.version = version
        self._folder = folder
        self._groups = tuple(groups)

    def inspect(self, text: str) -> tuple[Finding, ...]:
        """The findings of `text`: urgency, then toxicity; by rule order, then position.

        Pure. Spans are code points of `text`. At most `MAX_FINDINGS_PER_RULE` of one rule.
        """
        folded = self._folder.fold(text)
        return tuple(finding for group in self._groups for finding in group.findings(folded))
