"""The policy sends each ticket to exactly one queue, urgent first."""

from __future__ import annotations

from functools import partial
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Finding, Guardrail, Priority, Queue, Severity
from stream_app.errors import UserError
from stream_app.guardrails.validation import OUT_OF_SCOPE
from stream_app.routing import Routing, load_policy

FLAGS = {
    guardrail: Finding(guardrail=guardrail, rule=f"{guardrail}.test", severity=Severity.FLAG)
    for guardrail in Guardrail
}


@pytest.mark.parametrize(
    ("urgent", "toxic", "unsure", "likely"), list(product([False, True], repeat=4))
)
def test_urgent_before_toxic_before_review_before_standard(
    urgent: bool, toxic: bool, unsure: bool, likely: bool
) -> None:
    held = {Guardrail.URGENCY: urgent, Guardrail.TOXICITY: toxic, Guardrail.VALIDATION: unsure}
    findings = [FLAGS[guardrail] for guardrail, flagged in held.items() if flagged]
    routing = load_policy().route(
        findings,
        base_priority=Priority.LOW,
        high_priority_probability=0.9 if likely else 0.1,
    )
    is_urgent = urgent or likely
    expected = (
        Queue.PRIORITY
        if is_urgent
        else Queue.TOXIC
        if toxic
        else Queue.REVIEW
        if unsure
        else Queue.STANDARD
    )
    assert routing.queue is expected
    assert (routing.urgent, routing.toxic, routing.needs_review) == (is_urgent, toxic, unsure)
    assert routing.priority is (Priority.HIGH if is_urgent else Priority.LOW)


def test_an_unlikely_high_priority_intent_is_not_urgent() -> None:
    routing = load_policy().route(
        [FLAGS[Guardrail.VALIDATION]], base_priority=Priority.HIGH, high_priority_probability=0.1
    )
    assert routing.queue is Queue.REVIEW
    assert routing.priority is Priority.MEDIUM


def test_a_likely_intent_makes_nothing_urgent_that_is_no_case() -> None:
    rule = "no_case.in_thought_or_settled"
    note = Finding(guardrail=Guardrail.URGENCY, rule=rule, severity=Severity.NOTE)
    routing = load_policy().route(
        [note], base_priority=Priority.HIGH, high_priority_probability=0.9
    )
    assert not routing.urgent
    flagged = load_policy().route(
        [note, FLAGS[Guardrail.URGENCY]], base_priority=Priority.LOW, high_priority_probability=0.0
    )
    assert flagged.urgent
    assert flagged.priority is Priority.HIGH


def test_a_question_without_trouble_is_of_low_priority_and_may_still_be_urgent() -> None:
    asks = Finding(guardrail=Guardrail.URGENCY, rule="no_case.only_asks", severity=Severity.NOTE)
    policy = load_policy()
    unlikely = policy.route([asks], base_priority=Priority.MEDIUM, high_priority_probability=0.0)
    assert unlikely.priority is Priority.LOW
    likely = policy.route([asks], base_priority=Priority.HIGH, high_priority_probability=0.9)
    assert likely.priority is Priority.HIGH


@pytest.mark.parametrize("guardrail", Guardrail)
def test_a_note_moves_no_ticket(guardrail: Guardrail) -> None:
    note = FLAGS[guardrail].model_copy(update={"severity": Severity.NOTE})
    assert _route(note).queue is Queue.STANDARD


RANK = (Queue.STANDARD, Queue.REVIEW, Queue.TOXIC, Queue.PRIORITY)

ANY_FINDING = st.builds(
    Finding,
    guardrail=st.sampled_from(Guardrail),
    rule=st.just("any.rule"),
    severity=st.sampled_from(Severity),
)
WITHHOLDING = st.sampled_from(
    [
        Finding(guardrail=guardrail, rule=rule, severity=severity)
        for guardrail, rule, severity in (
            (Guardrail.URGENCY, "no_case.in_thought_or_settled", Severity.NOTE),
            (Guardrail.URGENCY, "no_case.only_asks", Severity.NOTE),
            (Guardrail.VALIDATION, OUT_OF_SCOPE, Severity.FLAG),
        )
    ]
)


@given(
    known=st.lists(ANY_FINDING | WITHHOLDING, max_size=5),
    more=st.lists(ANY_FINDING, max_size=5),
    base=st.sampled_from(Priority),
    likely=st.floats(0, 1),
    told=st.booleans(),
)
def test_what_is_found_besides_never_lowers_a_ticket(
    known: list[Finding], more: list[Finding], base: Priority, likely: float, told: bool
) -> None:
    route = partial(
        load_policy().route,
        base_priority=base,
        high_priority_probability=likely,
        urgency_told=told,
    )
    before, after = route(known), route([*known, *more])
    assert RANK.index(after.queue) >= RANK.index(before.queue)
    assert before.held <= after.held
    assert not before.urgent or (after.urgent and after.priority is Priority.HIGH)


@pytest.mark.parametrize(
    ("findings", "likely", "asks"),
    [
        ([], 0.0, False),
        ([], 0.1, True),
        ([], 0.9, False),
        ([FLAGS[Guardrail.VALIDATION]], 0.0, True),
        ([FLAGS[Guardrail.TOXICITY]], 0.0, False),
        ([FLAGS[Guardrail.TOXICITY].model_copy(update={"severity": Severity.NOTE})], 0.0, True),
        ([FLAGS[Guardrail.URGENCY], FLAGS[Guardrail.VALIDATION]], 0.0, False),
    ],
)
def test_a_second_opinion_is_wanted_in_doubt_and_never_of_an_urgent_ticket(
    findings: list[Finding], likely: float, asks: bool
) -> None:
    routing = load_policy().route(
        findings, base_priority=Priority.LOW, high_priority_probability=likely
    )
    assert routing.unsure is asks


def _route(finding: Finding) -> Routing:
    return load_policy().route([finding], base_priority=Priority.LOW, high_priority_probability=0.0)


GOOD = """
version: "1"
high_priority_at_least: 0.4
routes:
  - {queue: priority, when: [urgency_flagged]}
  - {queue: toxic, when: [toxicity_flagged]}
  - {queue: review, when: [validation_flagged]}
  - {queue: standard, when: [always]}
"""


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (GOOD.replace("queue: toxic", "queue: urgent"), "routes.1.queue"),
        (GOOD.replace("[validation_flagged]", "[always]"), "only the last route"),
        (GOOD.replace("[always]", "[toxicity_flagged]"), "the last route must be"),
        (GOOD.replace("queue: review", "queue: toxic"), "exactly one route"),
        (
            GOOD.replace("queue: priority", "queue: x")
            .replace("toxic,", "priority,")
            .replace("x,", "toxic,"),
            "nothing may hide urgency",
        ),
        (
            GOOD.replace("queue: priority, when: [urgency_flagged]", "queue: x, when: []")
            .replace(
                "queue: review, when: [validation_flagged]",
                "queue: priority, when: [urgency_flagged]",
            )
            .replace("queue: x, when: []", "queue: review, when: [toxicity_flagged]"),
            "nothing may hide urgency",
        ),
        (
            GOOD.replace("[urgency_flagged]", "[high_priority_intent]"),
            "must be taken when urgency_flagged",
        ),
        ("routes: [", "not a YAML file"),
        ("- 1", "policy"),
    ],
)
def test_an_unsafe_policy_file_is_refused_with_its_fault(
    tmp_path: Path, broken: str, reason: str
) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(broken)
    with pytest.raises(UserError, match=reason) as caught:
        load_policy(path)
    assert "\n" not in caught.value.message


def test_a_missing_policy_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.yaml"):
        load_policy(tmp_path / "nowhere.yaml")
