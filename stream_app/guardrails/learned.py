"""The learned toxicity guardrail: what a second classifier says of a ticket, as a finding.

Owns how probabilities become findings. The classifier is an ordinary bundle; nothing here opens
one or reads a ticket's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import Finding, Guardrail, Severity
from stream_app.errors import UserError

if TYPE_CHECKING:
    from stream_app.guardrails.ruleset import RuleSet
    from stream_app.inference import OnnxClassifier

TOXIC = "toxic"
"""The label that the bundle must have."""

RULE = "learned.toxic"
"""The id of its finding, which is about the whole ticket and has no span."""

SOFTENING_KINDS = ("quoted_report.", "self_reference.")
"""Rules that explain why a text sounds abusive: beside one of them the model does not flag."""


class Thresholds(BaseModel):
    """From which probability on the model's answer is noted, and from which it flags."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    note_at_least: float = Field(gt=0.0, le=1.0)
    flag_at_least: float = Field(gt=0.0, le=1.0)

    @model_validator(mode="after")
    def _ordered(self) -> Thresholds:
        if self.note_at_least > self.flag_at_least:
            raise ValueError("note_at_least must not be above flag_at_least")
        return self


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
    texts: Sequence[str], rules: RuleSet, model: ToxicityModel | None
) -> list[tuple[Finding, ...]]:
    """What rules and model find in each text, in order; rules alone without a model."""
    probabilities = model.probabilities(texts) if model else [0.0] * len(texts)
    return [
        findings + learned_findings(probability, findings, rules.learned)
        for findings, probability in zip(map(rules.inspect, texts), probabilities, strict=True)
    ]


def learned_findings(
    probability: float, rule_findings: Iterable[Finding], thresholds: Thresholds
) -> tuple[Finding, ...]:
    """The finding for a ticket with this probability of being toxic, or none.

    Only noted where `rule_findings` has one of `SOFTENING_KINDS`.
    """
    if probability < thresholds.note_at_least:
        return ()
    softened = any(finding.rule.startswith(SOFTENING_KINDS) for finding in rule_findings)
    flags = probability >= thresholds.flag_at_least and not softened
    severity = Severity.FLAG if flags else Severity.NOTE
    return (Finding(guardrail=Guardrail.TOXICITY, rule=RULE, severity=severity),)
