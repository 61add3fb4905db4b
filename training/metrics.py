"""Figures of a classifier's quality; pure functions over arrays."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Answers = npt.NDArray[np.intp]

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


def expected_calibration_error(
    confidence: npt.NDArray[np.float32], correct: npt.NDArray[np.bool_]
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins, weighted by rows (0..1)."""
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gap = 0.0
    for number in np.unique(bins):
        inside = bins == number
        gap += inside.mean() * abs(confidence[inside].mean() - correct[inside].mean())
    return float(gap)
