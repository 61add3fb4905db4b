"""The validation guardrail: is the model's answer good enough to act on; reads no text."""

from __future__ import annotations

from schemas import Finding, Guardrail, Severity
from stream_app.bundle import Calibration

LOW_CONFIDENCE = "validation.low_confidence"
OUT_OF_SCOPE = "validation.out_of_scope"
CONTRADICTION = "validation.contradiction"
DISAGREEMENT = "validation.disagreement"


def validate(
    *, confidence: float, scope_score: float, calibration: Calibration
) -> tuple[Finding, ...]:
    """Flag an answer that a person should look at.

    `confidence` is the calibrated probability of the best intent, 0..1; `scope_score` says how near
    the ticket is to the nearest intent, at most 1. Both flag strictly under the bundle's
    thresholds, and so does a value that is not a number.
    """
    checks = (
        (LOW_CONFIDENCE, confidence >= calibration.review_below),
        (OUT_OF_SCOPE, scope_score >= calibration.out_of_scope_below),
    )
    return tuple(
        Finding(guardrail=Guardrail.VALIDATION, rule=rule, severity=Severity.FLAG)
        for rule, passed in checks
        if not passed
    )
