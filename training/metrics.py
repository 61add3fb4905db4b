"""Figures of a classifier's quality; pure functions over arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Answers = npt.NDArray[np.intp]
Scores = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Shares = npt.NDArray[np.float64]

CALIBRATION_BINS = 15
"""As in Guo et al. 2017, "On Calibration of Modern Neural Networks"."""


def accuracy(answers: Answers, targets: Answers) -> float:
    """Share of right answers; both arguments are label indices of shape (rows,)."""
    return float((answers == targets).mean())


def upper_bound(share: float, rows: int) -> float:
    """The largest true share that `share` of `rows` rows leaves likely (Wilson 1927, 95 %)."""
    z = 1.96
    centre = share + z * z / (2 * rows)
    margin = z * math.sqrt(share * (1.0 - share) / rows + (z / (2 * rows)) ** 2)
    return (centre + margin) / (1.0 + z * z / rows)


def macro_f1(answers: Answers, targets: Answers) -> float:
    """Mean F1 of the labels that occur in `targets`; a label never answered counts as 0."""
    scores = []
    for label in np.unique(targets):
        hits = int(((answers == label) & (targets == label)).sum())
        scores.append(2 * hits / int((answers == label).sum() + (targets == label).sum()))
    return float(np.mean(scores))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Answers whose confidence lies in `low`..`high`: how many, how sure, how often right."""

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


def reliability_bins(confidence: Scores, correct: Flags) -> list[ReliabilityBin]:
    """The `CALIBRATION_BINS` equal-width bins that hold any row, from unsure to sure.

    Both arguments have shape (rows,).
    """
    number_of = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        ReliabilityBin(
            low=int(number) / CALIBRATION_BINS,
            high=(int(number) + 1) / CALIBRATION_BINS,
            rows=int(inside.sum()),
            confidence=float(confidence[inside].mean()),
            accuracy=float(correct[inside].mean()),
        )
        for number in np.unique(number_of)
        for inside in [number_of == number]
    ]


def expected_calibration_error(confidence: Scores, correct: Flags) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by rows (0..1)."""
    return sum(
        one.rows / len(correct) * abs(one.confidence - one.accuracy)
        for one in reliability_bins(confidence, correct)
    )


def risk_coverage(confidence: Scores, correct: Flags) -> tuple[Shares, Shares]:
    """Coverage and accuracy when only the surest answers are taken: both of shape (rows,).

    Position `k` takes the `k + 1` surest rows (El-Yaniv and Wiener 2010, "On the Foundations of
    Noise-free Selective Classification"); accuracy is one minus their risk.
    """
    order = np.argsort(-confidence, kind="stable")
    taken = np.arange(1, len(order) + 1)
    return taken / len(order), np.cumsum(correct[order]) / taken


def accuracy_at_coverage(confidence: Scores, correct: Flags, coverage: float) -> float:
    """Accuracy of the surest `coverage` (0..1) of the rows, at least one."""
    taken = max(1, round(coverage * len(correct)))
    return float(risk_coverage(confidence, correct)[1][taken - 1])


def roc_curve(scores: Scores, positive: Flags) -> tuple[Shares, Shares]:
    """False and true positive rate at every threshold on `scores`, from (0, 0) to (1, 1).

    Rows of equal score change sides together. Raises `ValueError` where `positive` is all true or
    all false, and where a score is no number.
    """
    if not np.isfinite(scores).all():
        # It differs from every other score, and from itself: the curve would be that of the order
        # of the rows.
        raise ValueError("a ROC curve needs scores that are numbers")
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        raise ValueError("a ROC curve needs positive and negative rows")
    order = np.argsort(-scores, kind="stable")
    last_of_score = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits = np.cumsum(positive[order])[last_of_score]
    alarms = last_of_score + 1 - hits
    return np.append(0.0, alarms / negatives), np.append(0.0, hits / positives)


def area_under_roc(scores: Scores, positive: Flags) -> float:
    """Chance that a positive row outscores a negative one, ties counted half (0..1)."""
    return float(np.trapezoid(*roc_curve(scores, positive)[::-1]))
