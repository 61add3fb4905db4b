"""Chooses the temperature and the two thresholds from held-out rows; pure."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from stream_app.bundle import Calibration
from stream_app.inference import softmax

TEMPERATURE_RANGE = (0.2, 20.0)
"""Above it the logits carry no information. With a dozen held-out rows that are all right, the
likelihood only grows towards 0, where every answer is certain; at the lower end, one logit more
than another intent's counts as 99 %."""

REVIEW_TARGET = 0.95
"""Accuracy wanted of the answers that nobody reviews."""

REVIEW_RANGE = (0.3, 0.8)
"""Under 0.3 an answer is a guess however good the rest is; above 0.8 a weak model would send all
that it has to review, and a threshold cannot repair it."""

OUT_OF_SCOPE_PERCENTILE = 1.0
"""Share in percent of in-scope tickets that may be taken for out-of-scope ones."""

_NORMAL_DEVIATIONS = 2.326
"""So many standard deviations below the mean of a normal distribution lies the same share."""

_SEARCH_STEPS = 60


def calibrate(
    logits: npt.NDArray[np.float32],
    targets: npt.NDArray[np.intp],
    scope_scores: npt.NDArray[np.float32],
) -> Calibration:
    """Calibrate on held-out rows.

    `logits` has shape (rows, intents), `targets` (rows,) label indices, `scope_scores` (rows,).
    """
    temperature = fit_temperature(logits, targets)
    probabilities = softmax(logits / temperature)
    return Calibration(
        temperature=temperature,
        review_below=review_threshold(
            probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
        ),
        out_of_scope_below=scope_threshold(scope_scores),
    )


def scope_threshold(scope_scores: npt.NDArray[np.float32]) -> float:
    """What `OUT_OF_SCOPE_PERCENTILE` of in-scope tickets score less than.

    A few rows hardly ever show the lowest hundredth: then it is where it would lie if the scores
    were normally distributed.
    """
    if_normal = scope_scores.mean() - _NORMAL_DEVIATIONS * scope_scores.std()
    return min(float(np.percentile(scope_scores, OUT_OF_SCOPE_PERCENTILE)), float(if_normal))


def fit_temperature(logits: npt.NDArray[np.float32], targets: npt.NDArray[np.intp]) -> float:
    """The temperature with the least negative log likelihood (Guo et al. 2017).

    A golden-section search over the logarithm of `TEMPERATURE_RANGE`: the likelihood is convex in
    1/temperature, so it has one minimum.
    """
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    low, high = (math.log(bound) for bound in TEMPERATURE_RANGE)
    for _ in range(_SEARCH_STEPS):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        of_left, of_right = (
            negative_log_likelihood(logits, targets, math.exp(at)) for at in (left, right)
        )
        if of_left < of_right:
            high = right
        else:
            low = left
    return math.exp((low + high) / 2.0)


def negative_log_likelihood(
    logits: npt.NDArray[np.float32], targets: npt.NDArray[np.intp], temperature: float
) -> float:
    """Of the right answers at this temperature, the mean in nats; arguments as above."""
    scaled = logits.astype(np.float64) / temperature
    shifted = scaled - scaled.max(axis=1, keepdims=True)
    log_normaliser = np.log(np.exp(shifted).sum(axis=1))
    return float((log_normaliser - shifted[np.arange(len(targets)), targets]).mean())


def review_threshold(confidence: npt.NDArray[np.float32], correct: npt.NDArray[np.bool_]) -> float:
    """The lowest confidence from which on answers are right in `REVIEW_TARGET` of all cases.

    Kept inside `REVIEW_RANGE`; its upper end where no threshold reaches the target.
    """
    order = np.argsort(-confidence, kind="stable")
    descending = confidence[order]
    accepted_accuracy = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    # A threshold accepts all rows of equal confidence or none.
    last_of_equals = np.append(descending[1:] != descending[:-1], True)
    good = np.flatnonzero((accepted_accuracy >= REVIEW_TARGET) & last_of_equals)
    lowest, highest = REVIEW_RANGE
    if good.size == 0:
        return highest
    return min(max(float(descending[good[-1]]), lowest), highest)
