"""The packaged rules do what their examples say, at a bounded cost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Guardrail, Severity
from stream_app.guardrails import load_rules, ruleset
from stream_app.guardrails.rulebook import Rule, read_rulebook
from stream_app.guardrails.ruleset import MAX_FINDINGS_PER_RULE

RULES = load_rules()
BOOK = read_rulebook()
VOCABULARY = sorted({w for r in BOOK.rules for e in r.examples.match for w in e.split()})


def _flagged(text: str, guardrail: Guardrail) -> bool:
    return any(
        finding.guardrail is guardrail and finding.severity is Severity.FLAG
        for finding in RULES.inspect(text)
    )


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_each_rule_finds_its_examples_and_none_of_its_counter_examples(rule: Rule) -> None:
    assert rule.examples.match
    assert rule.examples.no_match
    for text in rule.examples.match:
        assert rule.id in {finding.rule for finding in RULES.inspect(text)}, text
    for text in rule.examples.no_match:
        assert rule.id not in {finding.rule for finding in RULES.inspect(text)}, text


@given(st.lists(st.sampled_from(VOCABULARY) | st.text(max_size=6)).map(" ".join))
def test_spans_lie_inside_the_text_and_findings_come_in_order(text: str) -> None:
    findings = RULES.inspect(text)
    order = [rule.id for rule in RULES.rules]
    places = []
    for finding in findings:
        assert finding.span is not None
        assert 0 <= finding.span.start < finding.span.end <= len(text)
        places.append((order.index(finding.rule), finding.span.start))
    assert places == sorted(places)


@pytest.mark.parametrize(
    "text",
    [
        "WHERE IS MY REFUND I HAVE WAITED FOR WEEKS",
        "Where is my damn parcel",
        "I am such an idiot",
        "I'd kill for a refund",
        "Mr Dick lives in Scunthorpe",
    ],
)
def test_frustration_is_not_toxicity(text: str) -> None:
    assert not _flagged(text, Guardrail.TOXICITY)


def test_abuse_does_not_hide_urgency() -> None:
    text = "You useless idiots, my card was stolen"
    assert _flagged(text, Guardrail.URGENCY)
    assert _flagged(text, Guardrail.TOXICITY)


def test_once_compiled_no_ticket_waits_for_a_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load_rules()
    texts = [text for rule in BOOK.rules for text in rule.examples.match]
    expected = [RULES.inspect(text) for text in texts]
    rules.compile()

    def late(*_: object) -> None:
        raise AssertionError("a pattern is compiled while a ticket waits")

    monkeypatch.setattr(ruleset, "whole_words", late)
    assert [rules.inspect(text) for text in texts] == expected
    assert rules.names_group("the elderly")


def test_self_harm_is_urgent_and_not_toxic() -> None:
    text = "I want to end my life"
    assert _flagged(text, Guardrail.URGENCY)
    assert not _flagged(text, Guardrail.TOXICITY)


def test_a_span_points_at_the_disguised_original() -> None:
    text = "\uff39ou are a\u200b fuuucking id1ot!"
    spans = [f.span for f in RULES.inspect("Ok, y\u200bou are id1ots!") if f.span]
    assert {(span.start, span.end) for span in spans} == {(4, 19)}
    assert "profanity.swearing" in {finding.rule for finding in RULES.inspect(text)}


def test_what_a_question_excuses_does_not_hide_what_follows_it() -> None:
    happened = "It was declined at the pharmacy and my son needs insulin"
    question = "If my card is declined, what can I do?"
    text = f"{question} {happened}"
    (finding,) = [found for found in RULES.inspect(text) if found.severity is Severity.FLAG]
    assert not _flagged(question, Guardrail.URGENCY)
    assert finding.rule == "locked_out.in_need"
    assert finding.span is not None
    assert finding.span.start >= len(question)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("the elderly", True),
        ("old people", True),
        ("because I am black", True),
        ("a Muslim neighbour", True),
        ("my old address", False),
        ("another foreign transaction fee", False),
        ("Black Friday", False),
        ("the screen stays white", False),
    ],
)
def test_words_of_every_day_name_no_group(text: str, names: bool) -> None:
    assert RULES.names_group(text) == names


def test_findings_of_one_rule_are_capped() -> None:
    findings = [f for f in RULES.inspect("damn " * 1_000) if f.rule == "profanity.swearing"]
    assert len(findings) == MAX_FINDINGS_PER_RULE


def _seconds(text: str) -> float:
    started = time.thread_time()
    RULES.inspect(text)
    return time.thread_time() - started


@pytest.mark.parametrize(
    "unit",
    [
        "a", "a ", "\u200b", "aaab", '"', "' ", "you are ", "i will ", "not urgent ",
        "someone is using my ", "payment i did ", "how do i how can i ", '"stupid ', "women who ",
        "if my card ", "hate all the ", "f*", "women are ", "women, ",
        "kill all ", "you stupid ", "rather ", "f u c k ", "womn ", "#killall", "id-", "\U0001f52a",
        "my card was stolen if ", "1a", "told me you ",
    ],
)  # fmt: skip
def test_cost_grows_linearly_on_hostile_text(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    once = twice = float("inf")
    # The fastest of several rounds, as many as it takes: a machine that does something else for a
    # while makes one of the two slow, quadratic cost makes every round four times as long.
    for rounds in range(1, 26):
        once, twice = min(once, _seconds(text)), min(twice, _seconds(text * 2))
        if rounds >= 3 and twice < 3 * once + 0.005:
            return
    pytest.fail(f"{once:.3f} s for {len(text):,} characters, {twice:.3f} s for twice as many")
