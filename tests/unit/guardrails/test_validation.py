"""Unsure answers are flagged, at the bundle's thresholds."""

from __future__ import annotations

import pytest

from stream_app.bundle import Calibration
from stream_app.guardrails import validate

CALIBRATION = Calibration(temperature=1.0, review_below=0.6, out_of_scope_below=0.3)


@pytest.mark.parametrize(
    ("confidence", "scope_score", "rules"),
    [
        (0.6, 0.3, []),
        (0.59, 0.9, ["validation.low_confidence"]),
        (0.9, 0.29, ["validation.out_of_scope"]),
        (float("nan"), float("nan"), ["validation.low_confidence", "validation.out_of_scope"]),
    ],
)
def test_weak_answers_are_flagged(confidence: float, scope_score: float, rules: list[str]) -> None:
    findings = validate(confidence=confidence, scope_score=scope_score, calibration=CALIBRATION)
    assert [finding.rule for finding in findings] == rules
