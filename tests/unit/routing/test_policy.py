"""The policy sends each ticket to exactly one queue, urgent first."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from schemas import Finding, Guardrail, Priority, Queue, Severity
from stream_app.errors import UserError
from stream_app.routing import load_policy

FLAGS = {
    guardrail: Finding(guardrail=guardrail, rule=f"{guardrail}.test", severity=Severity.FLAG)
    for guardrail in Guardrail
}


@pytest.mark.parametrize(
    ("urgent", "toxic", "unsure", "base"),
    list(product([False, True], [False, True], [False, True], Priority)),
)
def test_urgent_before_toxic_before_review_before_standard(
    urgent: bool, toxic: bool, unsure: bool, base: Priority
) -> None:
    held = {Guardrail.URGENCY: urgent, Guardrail.TOXICITY: toxic, Guardrail.VALIDATION: unsure}
    findings = [FLAGS[guardrail] for guardrail, flagged in held.items() if flagged]
    routing = load_policy().route(findings, base)
    is_urgent = urgent or base is Priority.HIGH
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
    assert routing.priority is (Priority.HIGH if is_urgent else base)


@pytest.mark.parametrize("guardrail", Guardrail)
def test_a_note_moves_no_ticket(guardrail: Guardrail) -> None:
    note = FLAGS[guardrail].model_copy(update={"severity": Severity.NOTE})
    assert load_policy().route([note], Priority.LOW).queue is Queue.STANDARD


GOOD = """
version: "1"
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
            GOOD.replace("priority", "x").replace("toxic,", "priority,").replace("x,", "toxic,"),
            "toxicity must not hide urgency",
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
