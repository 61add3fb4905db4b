"""A learned model's probability becomes a flag, a note or nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from schemas import Finding, Guardrail, Severity
from stream_app.bundle import read_bundle
from stream_app.errors import UserError
from stream_app.guardrails import (
    RuleSet,
    ToxicityModel,
    learned_abuse,
    learned_toxicity,
    learned_urgency,
    load_rules,
)
from stream_app.guardrails.learned import LearnedThresholds, Thresholds, toxicity_findings
from stream_app.inference import ABUSE_OUTPUT, OnnxClassifier, open_classifier
from tests.unit.tiny_bundle import WORDS, write_tiny_bundle
from training.heads import Head, attach_head
from training.heads.head import PAIR_BUCKETS

THRESHOLDS = LearnedThresholds(
    urgency=Thresholds(note_at_least=0.3, flag_at_least=0.5, overrule_at_least=0.8),
    toxicity=Thresholds(note_at_least=0.5, flag_at_least=0.9),
)
TEXT = "You have the wit of a houseplant"
RULES = load_rules()
OWN_THRESHOLDS = """
version: desk
rules: []
learned:
  abuse: {note_at_least: 0.4, flag_at_least: 0.8}
  toxicity: {note_at_least: 0.1, flag_at_least: 0.2}
"""
"""Those of abuse unlike those of any other model, and unlike the packaged ones."""


@pytest.fixture(scope="module")
def own_rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    path = tmp_path_factory.mktemp("rules") / "own.yaml"
    path.write_text(OWN_THRESHOLDS)
    return load_rules(extra=[path])


def _note(rule: str) -> Finding:
    return Finding(guardrail=Guardrail.TOXICITY, rule=rule, severity=Severity.NOTE)


@pytest.mark.parametrize(
    ("probability", "severities"),
    [(0.49, []), (0.5, [Severity.NOTE]), (0.89, [Severity.NOTE]), (0.9, [Severity.FLAG])],
)
def test_the_thresholds_part_nothing_note_and_flag(
    probability: float, severities: list[Severity]
) -> None:
    findings = learned_toxicity(probability, (), THRESHOLDS)
    assert [finding.severity for finding in findings] == severities
    assert all(finding.rule == "learned.toxic" for finding in findings)


@pytest.mark.parametrize(
    ("rule", "severity"),
    [
        ("quoted_report.said_to_customer", Severity.NOTE),
        ("self_reference.own_fault", Severity.NOTE),
        ("profanity.swearing", Severity.FLAG),
    ],
)
def test_beside_a_report_or_self_reproach_the_model_does_not_flag(
    rule: str, severity: Severity
) -> None:
    (finding,) = learned_toxicity(0.99, [_note(rule)], THRESHOLDS)
    assert finding.severity is severity


@pytest.mark.parametrize(
    ("probability", "severities"),
    [(0.29, []), (0.3, [Severity.NOTE]), (0.49, [Severity.NOTE]), (0.5, [Severity.FLAG])],
)
def test_urgency_has_thresholds_of_its_own(probability: float, severities: list[Severity]) -> None:
    findings = learned_urgency(probability, (), THRESHOLDS)
    assert [finding.severity for finding in findings] == severities
    assert all(finding.rule == "learned.urgent" for finding in findings)
    assert all(finding.guardrail is Guardrail.URGENCY for finding in findings)


@pytest.mark.parametrize(
    ("probability", "severities"),
    [(0.39, []), (0.4, [Severity.NOTE]), (0.79, [Severity.NOTE]), (0.8, [Severity.FLAG])],
)
def test_abuse_has_thresholds_of_its_own(
    own_rules: RuleSet, probability: float, severities: list[Severity]
) -> None:
    findings = learned_abuse(probability, TEXT, (), own_rules)
    assert [finding.severity for finding in findings] == severities
    assert all(finding.rule == "learned.abusive" for finding in findings)
    assert all(finding.guardrail is Guardrail.TOXICITY for finding in findings)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (TEXT, "quoted_report.said_to_customer"),
        ("You houseplant, said the Muslim woman", "profanity.swearing"),
        ("I am proud to be gay", "profanity.swearing"),
    ],
)
def test_abuse_that_is_reported_or_may_only_name_a_group_is_noted(text: str, rule: str) -> None:
    (finding,) = learned_abuse(0.99, text, [_note(rule)], RULES)
    assert finding.severity is Severity.NOTE


@pytest.mark.parametrize(("probability", "severity"), [(0.79, "note"), (0.8, "flag")])
def test_what_the_text_says_is_no_case_is_only_noted_unless_the_model_is_sure(
    probability: float, severity: str
) -> None:
    (finding,) = learned_urgency(probability, [_note("no_case.in_thought_or_settled")], THRESHOLDS)
    assert finding.severity == severity


def test_a_question_does_not_say_that_nothing_has_happened() -> None:
    (finding,) = learned_urgency(0.5, [_note("no_case.only_asks")], THRESHOLDS)
    assert finding.severity is Severity.FLAG


def test_a_served_models_head_speaks_beside_the_rules(tmp_path: Path) -> None:
    bundle = read_bundle(write_tiny_bundle(tmp_path / "tiny"))
    of_words = np.zeros(len(WORDS), dtype=np.float32)
    of_words[WORDS.index("password")] = 9.0
    head = Head(tokens=of_words, pairs=np.zeros(PAIR_BUCKETS, dtype=np.float32), bias=-4.0)
    attach_head(bundle.model_path, head, ABUSE_OUTPUT)
    served = OnnxClassifier(bundle, lanes=1)
    try:
        texts = ["password", "delivery"]
        with_head = toxicity_findings(texts, RULES, served, None)
        without = toxicity_findings(texts, RULES, None, None)
    finally:
        served.close()
    assert [[finding.rule for finding in found] for found in with_head] == [["learned.abusive"], []]
    assert without == [(), ()]


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValueError, match="must not be above"):
        Thresholds(note_at_least=0.9, flag_at_least=0.5)
    with pytest.raises(ValueError, match="must not be above"):
        Thresholds(note_at_least=0.3, flag_at_least=0.5, overrule_at_least=0.4)


def test_a_bundle_of_other_labels_is_refused(tmp_path: Path) -> None:
    classifier = open_classifier(read_bundle(write_tiny_bundle(tmp_path / "tiny")), lanes=1)
    try:
        with pytest.raises(UserError, match="no label 'toxic'"):
            ToxicityModel(classifier)
    finally:
        classifier.close()
