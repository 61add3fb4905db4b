"""The learned guardrails: what models say of a ticket's urgency and toxicity, as findings.

Owns how probabilities become findings. Urgency and abuse come with the model of the intents, a
further opinion on toxicity from a bundle of its own; nothing here opens one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import Finding, Guardrail, Severity
from stream_app.errors import UserError

if TYPE_CHECKING:
    from stream_app.guardrails.ruleset import RuleSet
    from stream_app.inference import Classifier, OnnxClassifier

TOXIC = "toxic"
"""The label that the bundle must have."""

URGENT, ABUSIVE, TOXIC_BY_OWN_MODEL = "learned.urgent", "learned.abusive", "learned.toxic"
"""The ids of the findings, which are about the whole ticket and have no span."""

SOFTENING_KINDS = {
    Guardrail.URGENCY: ("no_case.in_thought_or_settled",),
    Guardrail.TOXICITY: ("quoted_report.", "self_reference."),
}
"""How the ids of rules begin that explain why a text sounds as it does: beside one of them a model
does not flag, unless it is sure enough to overrule them. That a text asks explains nothing: people
in need do."""


class Thresholds(BaseModel):
    """From which probability on a model's answer is noted, and from which it flags.

    From `overrule_at_least` on it flags beside a softening rule too; never where it is None.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    note_at_least: float = Field(gt=0.0, le=1.0)
    flag_at_least: float = Field(gt=0.0, le=1.0)
    overrule_at_least: float | None = Field(default=None, gt=0.0, le=1.0)

    @model_validator(mode="after")
    def _ordered(self) -> Thresholds:
        if self.note_at_least > self.flag_at_least:
            raise ValueError("note_at_least must not be above flag_at_least")
        if self.overrule_at_least is not None and self.flag_at_least > self.overrule_at_least:
            raise ValueError("flag_at_least must not be above overrule_at_least")
        return self


class LearnedThresholds(BaseModel):
    """The thresholds of each learned guardrail."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urgency: Thresholds = Thresholds(note_at_least=0.3, flag_at_least=0.4, overrule_at_least=0.7)
    abuse: Thresholds = Thresholds(note_at_least=0.5, flag_at_least=0.95)
    toxicity: Thresholds = Thresholds(note_at_least=0.5, flag_at_least=0.9)


class ToxicityModel:
    """A classifier with a label `TOXIC`."""

    def __init__(self, classifier: OnnxClassifier) -> None:
        """Raises `UserError` where the classifier cannot answer `TOXIC`."""
        if TOXIC not in classifier.intents:
            raise UserError(
                f"the bundle {classifier.reference.name} has no label {TOXIC!r}: train one with "
                "`tickets train --data toxicity`"
            )
        self._classifier = classifier

    def probabilities(self, texts: Sequence[str]) -> list[float]:
        """The calibrated probability of `TOXIC` for each text. Blocks, as `classify` does."""
        return [
            next((score for label, score in prediction.top if label.intent == TOXIC), 0.0)
            for prediction in self._classifier.classify(texts)
        ]


def toxicity_findings(
    texts: Sequence[str],
    rules: RuleSet,
    served: Classifier | None,
    own_model: ToxicityModel | None,
) -> list[tuple[Finding, ...]]:
    """What rules and models find in each text, in order: the head of the `served` model of the
    intents, and a model of toxicity alone; rules alone without either."""
    unasked = [0.0] * len(texts)
    heads = [said.abuse or 0.0 for said in served.classify(texts)] if served else unasked
    own = own_model.probabilities(texts) if own_model else unasked
    return [
        found
        + learned_abuse(of_head, text, found, rules)
        + learned_toxicity(of_own, found, rules.learned)
        for text, found, of_head, of_own in zip(
            texts, map(rules.inspect, texts), heads, own, strict=True
        )
    ]


def learned_urgency(
    probability: float, rule_findings: Iterable[Finding], thresholds: LearnedThresholds
) -> tuple[Finding, ...]:
    """The finding for a ticket with this probability of being urgent, or none."""
    return _finding(Guardrail.URGENCY, URGENT, probability, rule_findings, thresholds.urgency)


def learned_abuse(
    probability: float, text: str, rule_findings: Iterable[Finding], rules: RuleSet
) -> tuple[Finding, ...]:
    """The finding for a `text` with this probability of abusing somebody, or none.

    Only noted where the text names a group of people: a model takes the mention of one for an
    attack on it (Dixon et al. 2018, "Measuring and Mitigating Unintended Bias in Text
    Classification").
    """
    findings = _finding(
        Guardrail.TOXICITY, ABUSIVE, probability, rule_findings, rules.learned.abuse
    )
    if any(finding.severity is Severity.FLAG for finding in findings) and rules.names_group(text):
        return tuple(found.model_copy(update={"severity": Severity.NOTE}) for found in findings)
    return findings


def learned_toxicity(
    probability: float, rule_findings: Iterable[Finding], thresholds: LearnedThresholds
) -> tuple[Finding, ...]:
    """The finding for a ticket with this probability by a model of toxicity alone, or none."""
    return _finding(
        Guardrail.TOXICITY, TOXIC_BY_OWN_MODEL, probability, rule_findings, thresholds.toxicity
    )


def _finding(
    guardrail: Guardrail,
    rule: str,
    probability: float,
    rule_findings: Iterable[Finding],
    thresholds: Thresholds,
) -> tuple[Finding, ...]:
    """Softened where `rule_findings` has one of the guardrail's `SOFTENING_KINDS`."""
    if probability < thresholds.note_at_least:
        return ()
    softening = SOFTENING_KINDS[guardrail]
    softened = any(finding.rule.startswith(softening) for finding in rule_findings)
    needed = thresholds.overrule_at_least if softened else thresholds.flag_at_least
    flags = needed is not None and probability >= needed
    severity = Severity.FLAG if flags else Severity.NOTE
    return (Finding(guardrail=guardrail, rule=rule, severity=severity),)
