"""Which figures a report has, by name; each is drawn when it is asked for."""

from __future__ import annotations

from functools import partial

from training.report import figures
from training.report.findings import category_rocs, slices, worst_pairs
from training.report.rendering import Drawing
from training.report.subject import Subject

MATRIX_PAIRS = 12
"""Pairs whose intents make up the confusion matrix: some twenty rows, still readable."""


def drawings(subject: Subject) -> dict[str, Drawing]:
    """The figures that this subject has something to show in."""
    evidence, labels = subject.evidence, subject.bundle.labels
    found: dict[str, Drawing] = {
        "reliability": partial(figures.reliability_diagram, evidence),
        "risk_coverage": partial(
            figures.risk_coverage_curve, evidence, subject.bundle.calibration.review_below
        ),
    }
    if parts := slices(evidence, labels):
        found["slices"] = partial(figures.slice_accuracies, parts, float(evidence.correct.mean()))
    if pairs := worst_pairs(evidence, MATRIX_PAIRS):
        found["confusion"] = partial(
            figures.confusion_matrix, pairs, labels, evidence.targets, evidence.answers
        )
    if curves := category_rocs(evidence, labels):
        found["roc"] = partial(figures.roc_curves, curves, len(evidence.targets))
    # A single record is a point, no curve.
    if len(subject.history) > 1:
        found["learning"] = partial(figures.learning_curves, subject.history)
    return found
