"""The rules file: its format, its checks, and its compilation; matches no ticket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas import Guardrail, Severity
from stream_app.errors import UserError
from stream_app.guardrails.folding import Folder, without_variation
from stream_app.guardrails.learned import LearnedThresholds
from stream_app.guardrails.pattern import PatternError, doubled_prefixes, expand
from stream_app.guardrails.required_words import BEGINNING, RequiredWords
from stream_app.guardrails.ruleset import CompiledRule, RulePattern, RuleSet, words_of
from stream_app.guardrails.spelling import Spelling

MOST_VERSION_CHARACTERS = 200
"""Of a file, and of all files joined: every decision carries it."""


class Kind(StrEnum):
    """What a rule is about; the first half of its id."""

    ACCOUNT_TAKEOVER = "account_takeover"
    MONEY_AT_RISK = "money_at_risk"
    LOCKED_OUT = "locked_out"
    VULNERABLE_CUSTOMER = "vulnerable_customer"
    DEADLINE = "deadline"
    LEGAL_OR_REGULATOR = "legal_or_regulator"
    SELF_HARM = "self_harm"
    NO_CASE = "no_case"
    """Asked in general, denied or settled, so that an intent alone does not make it urgent."""
    PROFANITY = "profanity"
    DIRECTED_ABUSE = "directed_abuse"
    THREAT = "threat"
    IDENTITY_ATTACK = "identity_attack"
    QUOTED_REPORT = "quoted_report"
    SELF_REFERENCE = "self_reference"


TOXICITY_FLAGS = frozenset({Kind.DIRECTED_ABUSE, Kind.THREAT, Kind.IDENTITY_ATTACK})
TOXICITY_NOTES = frozenset({Kind.PROFANITY, Kind.QUOTED_REPORT, Kind.SELF_REFERENCE})
"""Kinds of toxicity that are no reason to keep a customer waiting."""
NEVER_FLAGS = TOXICITY_NOTES | {Kind.NO_CASE}
"""Kinds that are never more than noted."""

Pattern = Annotated[str, Field(min_length=1)]
Patterns = Annotated[tuple[Pattern, ...], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Examples(_Part):
    """Texts that a rule must find something in, and look-alikes in which it must not."""

    match: Patterns
    no_match: Patterns


class Rule(_Part):
    """One rule of the file; `patterns` and `unless` are in the language of `pattern`.

    Each pattern is searched for itself, in texts that hold the words which it cannot do without.
    """

    id: str = Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$")
    severity: Severity
    patterns: Patterns
    unless: tuple[Pattern, ...] = ()
    examples: Examples

    @property
    def kind(self) -> Kind:
        """The first half of the id. Raises `ValueError` where that is no kind."""
        return Kind(self.id.split(".")[0])

    @property
    def guardrail(self) -> Guardrail:
        """The guardrail that the rule belongs to."""
        toxicity = self.kind in TOXICITY_FLAGS | TOXICITY_NOTES
        return Guardrail.TOXICITY if toxicity else Guardrail.URGENCY


_UNSEEN = 0.1
"""How common a word is that no example holds, so that of many such fewer are better."""


class Disguises(_Part):
    """Words that are also found where somebody tries to hide them: see `spelling.Spelling`.

    `emoji` gives for a word the emoji that stand for it, with blanks between.
    """

    words: tuple[Pattern, ...] = ()
    glue: tuple[Pattern, ...] = ()
    plain: tuple[Pattern, ...] = ()
    emoji: dict[Annotated[str, Field(pattern=r"^[a-z_ ]+$")], Pattern] = Field(default_factory=dict)

    def spelling(self) -> Spelling:
        """The same, ready to use."""
        return Spelling(
            words=self.words,
            glue=self.glue,
            plain=frozenset(self.plain),
            emoji={
                without_variation(emoji): word
                for word, listed in self.emoji.items()
                for emoji in listed.split()
            },
        )


class Rulebook(_Part):
    """A whole rules file. `lists` names alternatives that patterns share.

    `learned` says when a learned model's answer counts; the defaults hold where it is left out.
    `groups` are patterns of what names a group of people.
    """

    version: str = Field(min_length=1, max_length=MOST_VERSION_CHARACTERS)
    disguises: Disguises = Disguises()
    learned: LearnedThresholds = LearnedThresholds()
    lists: dict[Annotated[str, Field(pattern=r"^[a-z_]+$")], Patterns] = Field(default_factory=dict)
    groups: tuple[Pattern, ...] = ()
    rules: tuple[Rule, ...] = ()


def load_rules(path: Path | None = None, extra: Sequence[Path] = ()) -> RuleSet:
    """Read, check and compile a rules file, the packaged one without `path`, and those of a desk.

    Files of `extra` add to the first one and may use its lists. The version names all of them.
    The packaged rules are checked again only beside a file that changes how texts are read or what
    names a group: for themselves, their tests have checked them.

    Raises `UserError` naming the file, the rule and the fault: a malformed file, an unknown
    kind, an id or list given twice, a kind that must not flag, a pattern that cannot be compiled,
    an example that the rules decide otherwise.
    """
    places = [path or files("stream_app.guardrails").joinpath("rules.yaml"), *extra]
    books = [read_rulebook(path), *(read_rulebook(place) for place in extra)]
    try:
        rulebook = _joined(books)
        rules = _compile(rulebook)
        given = books if path is not None else books[1:]
        own = [rule for book in given for rule in book.rules]
        if given:
            _check_patterns(rules, own)
            affected = rulebook.rules if any(map(_changes_reading, given)) else own
            _check_examples(affected, rules)
    except PatternError as error:
        raise UserError(f"rules {', '.join(map(str, places))}: {error}") from error
    return rules


def read_rulebook(path: Path | None = None) -> Rulebook:
    """Read a rules file without compiling it; the packaged one without `path`.

    Raises `UserError` naming the file and the fault.
    """
    place = path or files("stream_app.guardrails").joinpath("rules.yaml")
    content: object = None
    try:
        # The loader in C, since the one in Python takes ten times as long: 0.4 s for this file.
        content = yaml.load(place.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        return Rulebook.model_validate(content)
    except OSError as error:
        raise UserError(f"rules {place}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"rules {place}: not a YAML file in UTF-8") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = _where(first["loc"], content)
        raise UserError(f"rules {place}: {where}: {first['msg']}") from error


def _joined(books: Sequence[Rulebook]) -> Rulebook:
    """One rulebook of all, in order; the last one that sets a model's thresholds has its way."""
    first = books[0]
    lists = dict(first.lists)
    emoji = dict(first.disguises.emoji)
    for book in books[1:]:
        if twice := sorted(lists.keys() & book.lists.keys()):
            raise PatternError(f"the list {twice[0]} is given twice")
        lists |= book.lists
        for word, listed in book.disguises.emoji.items():
            emoji[word] = f"{emoji[word]} {listed}" if word in emoji else listed
    if not any(book.rules for book in books):
        raise PatternError("there is no rule")
    version = "+".join(book.version for book in books)
    if len(version) > MOST_VERSION_CHARACTERS:
        raise PatternError(
            f"the versions of all files, joined, are longer than {MOST_VERSION_CHARACTERS} "
            f"characters: {version}"
        )
    return Rulebook(
        version=version,
        disguises=Disguises(
            words=tuple(word for book in books for word in book.disguises.words),
            glue=tuple(word for book in books for word in book.disguises.glue),
            plain=tuple(word for book in books for word in book.disguises.plain),
            emoji=emoji,
        ),
        learned=_joined_thresholds([book.learned for book in books]),
        lists=lists,
        groups=tuple(pattern for book in books for pattern in book.groups),
        rules=tuple(rule for book in books for rule in book.rules),
    )


def _joined_thresholds(given: Sequence[LearnedThresholds]) -> LearnedThresholds:
    joined = LearnedThresholds()
    for thresholds in given:
        said = {name: getattr(thresholds, name) for name in thresholds.model_fields_set}
        joined = joined.model_copy(update=said)
    return joined


def _where(location: tuple[int | str, ...], content: object) -> str:
    """Name a rule by its id where it has one: a position in a long file helps nobody."""
    match location, content:
        case ("rules", int(index), *field), {"rules": list(rules)}:
            rule = rules[index]
            known = isinstance(rule, dict) and isinstance(rule.get("id"), str)
            name = rule["id"] if known else f"number {index + 1}"
            return ": ".join([f"rule {name}", *([".".join(map(str, field))] if field else [])])
    return ".".join(map(str, location)) or "the whole file"


def _compile(rulebook: Rulebook) -> RuleSet:
    seen: set[str] = set()
    compiled: list[CompiledRule] = []
    required = RequiredWords(rulebook.lists, _commonness(rulebook))

    def ready(patterns: Iterable[str]) -> tuple[RulePattern, ...]:
        return tuple(
            RulePattern(
                expanded=expand(pattern, rulebook.lists),
                alternatives=tuple(map(tuple, required.alternatives(pattern))),
            )
            for pattern in patterns
        )

    for rule in rulebook.rules:
        _check_identity(rule, seen)
        try:
            compiled.append(
                CompiledRule(
                    id=rule.id,
                    guardrail=rule.guardrail,
                    severity=rule.severity,
                    patterns=ready(rule.patterns),
                    unless=ready(rule.unless),
                )
            )
        except PatternError as error:
            raise PatternError(f"rule {rule.id}: {error}") from error
    expanded = (pattern.expanded for rule in compiled for pattern in (*rule.patterns, *rule.unless))
    folder = Folder(doubled_prefixes(expanded), rulebook.disguises.spelling())
    return RuleSet(
        rulebook.version,
        folder,
        compiled,
        learned=rulebook.learned,
        groups=[expand(pattern, rulebook.lists) for pattern in rulebook.groups],
    )


def _commonness(rulebook: Rulebook) -> Callable[[str], float]:
    """How many examples of the rules hold a word, or a beginning with *: they read like tickets."""
    counts: Counter[str] = Counter()
    for rule in rulebook.rules:
        for text in (*rule.examples.match, *rule.examples.no_match):
            words = words_of(text.lower())
            counts.update(words)
            counts.update({word[:BEGINNING] + "*" for word in words})
    return lambda word: counts[word] + _UNSEEN


def _check_identity(rule: Rule, seen: set[str]) -> None:
    if rule.id in seen:
        raise PatternError(f"rule {rule.id}: the id is given twice")
    seen.add(rule.id)
    try:
        kind = rule.kind
    except ValueError as error:
        raise PatternError(f"rule {rule.id}: its kind must be one of {', '.join(Kind)}") from error
    if kind in NEVER_FLAGS and rule.severity is Severity.FLAG:
        raise PatternError(f"rule {rule.id}: {kind} is only ever a note, never a flag")


def _changes_reading(book: Rulebook) -> bool:
    return book.disguises != Disguises() or bool(book.groups)


def _check_patterns(rules: RuleSet, own: Iterable[Rule]) -> None:
    try:
        rules.names_group("")
    except PatternError as error:
        raise PatternError(f"groups: {error}") from error
    ids = {rule.id for rule in own}
    for rule in rules.rules:
        if rule.id not in ids:
            continue
        for pattern in (*rule.patterns, *rule.unless):
            try:
                pattern.regex  # noqa: B018
            except PatternError as error:
                raise PatternError(f"rule {rule.id}: {error}") from error


def _check_examples(affected: Iterable[Rule], rules: RuleSet) -> None:
    for rule in affected:
        for text in rule.examples.match:
            if not _fires(rules, rule.id, text):
                raise PatternError(f"rule {rule.id}: does not find its example {text!r}")
        for text in rule.examples.no_match:
            if _fires(rules, rule.id, text):
                raise PatternError(f"rule {rule.id}: finds its counter-example {text!r}")


def _fires(rules: RuleSet, rule_id: str, text: str) -> bool:
    return any(finding.rule == rule_id for finding in rules.inspect(text))
