"""No text is passed over that a pattern would match, and most others are."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_app.guardrails import load_rules
from stream_app.guardrails.pattern import PatternError, expand, whole_words
from stream_app.guardrails.prefilter import Prefilter
from stream_app.guardrails.required_words import RequiredWords
from stream_app.guardrails.rulebook import read_rulebook
from stream_app.guardrails.ruleset import RulePattern, words_of

LISTS = {
    "card": ["cards?", "debit cards?", "wallet"],
    "gone": ["(?:was |is )?(?:stolen|gone)", "{card} ~ lost", "\\w+ed"],
}
RULES = load_rules()
EVERY_PATTERN = [p for rule in RULES.rules for p in (*rule.patterns, *rule.unless)]


def _passes(pattern: RulePattern, text: str) -> bool:
    prefilter = Prefilter((0, requirements) for requirements in pattern.alternatives)
    return prefilter.possible(words_of(text), prefilter.alternatives_of({0})) == [0]


def _pattern(source: str) -> RulePattern:
    required = RequiredWords(LISTS, lambda word: 1 / len(word))
    return RulePattern(expand(source, LISTS), tuple(map(tuple, required.alternatives(source))))


WORDS = st.sampled_from(
    ["my", "stolen", "car", "car[sd]", "'s", "\\w+", "[^.]{0,9}", "x\\b.{0,3}?\\by", "{card}"]
)
PATTERNS = st.recursive(
    WORDS | st.sampled_from(["{gone}", "(?i:Car)", "(?!not)"]),
    lambda parts: st.one_of(
        st.builds("{} {}".format, parts, parts),
        st.builds("{} ~ {}".format, parts, parts),
        st.builds("{}{}".format, parts, parts),
        st.builds("(?:{}|{})".format, parts, parts),
        st.builds("(?:{} )?{}".format, parts, parts),
        st.builds("(?:{} ){{0,3}}{}".format, parts, parts),
        st.builds("(?:{} ){{1,2}}{}".format, parts, parts),
    ),
    max_leaves=5,
)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.data(), PATTERNS | st.sampled_from(["my(?:{card}|{gone})", "my(?:{card}|'s)"]))
def test_a_text_that_a_pattern_matches_is_searched(data: st.DataObject, source: str) -> None:
    pattern = _pattern(source)
    try:
        regex = whole_words(pattern.expanded)
    except PatternError:
        return
    text = data.draw(st.from_regex(regex, alphabet=st.characters(codec="ascii")))
    assert _passes(pattern, text.lower()) or not regex.search(text.lower())


def test_an_example_that_a_packaged_pattern_matches_is_searched() -> None:
    texts = [
        (folded, words_of(folded))
        for rule in read_rulebook().rules
        for example in (*rule.examples.match, *rule.examples.no_match)
        if (folded := example.lower())
    ]
    matched = 0
    for pattern in EVERY_PATTERN:
        prefilter = Prefilter((0, requirements) for requirements in pattern.alternatives)
        among = prefilter.alternatives_of({0})
        for text, words in texts:
            if pattern.regex.search(text):
                matched += 1
                assert prefilter.possible(words, among) == [0], (pattern.expanded, text)
    assert matched > len(texts)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("my {card} was stolen", "my card was declined"),
        ("{card} ~ {card} lost", "a wallet and a card"),
        ("(?:my|our) (?:\\w+ ){0,3}stolen", "my parcel is late"),
        ("stolen|my car", "my parcel"),
    ],
)
def test_a_text_without_the_words_is_not_searched(source: str, text: str) -> None:
    assert not _passes(_pattern(source), text)


def test_nearly_every_packaged_pattern_requires_a_word() -> None:
    wanted = [pattern for rule in RULES.rules for pattern in rule.patterns]
    free = [pattern for pattern in wanted if not all(pattern.alternatives)]
    assert len(free) <= 0.01 * len(wanted)
