"""Paired comparisons of two models on the same rows; pure functions over arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom  # type: ignore[import-untyped]

from training.gate.evaluation import Mask

RESAMPLES = 2_000
"""Bootstrap samples: the 5 % point then moves by a few hundredths of a standard error a seed."""

LOWER_PERCENTILE = 5.0
"""One-sided 95 %: the gate asks whether the candidate is worse, not whether it differs."""

_SEED = 20_110
_CHUNK = 250

Labels = npt.NDArray[np.intp]
"""Label indices of shape (rows,)."""

Counts = npt.NDArray[np.float64]
"""How often each row was drawn, shape (samples, rows); or a figure a sample, shape (samples,)."""

Statistic = Callable[[Labels, Labels, Counts], Counts]
"""Figure of answers against targets in each sample."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """How two models differ on some rows: `lost` only the champion had right, `won` only the
    candidate."""

    rows: int
    lost: int
    won: int

    @property
    def p_value(self) -> float:
        """Probability of at least `lost` losses among the changed rows if neither is better.

        The exact one-sided form of McNemar 1947, "Note on the sampling error of the difference
        between correlated proportions". 1.0 where nothing changed.
        """
        return float(binom.sf(self.lost - 1, self.lost + self.won, 0.5))


def exchange(champion_correct: Mask, candidate_correct: Mask) -> Exchange:
    """Compare two masks of right answers, both of shape (rows,)."""
    return Exchange(
        rows=len(champion_correct),
        lost=int((champion_correct & ~candidate_correct).sum()),
        won=int((candidate_correct & ~champion_correct).sum()),
    )


def excess_p_value(inside: Exchange, elsewhere: Exchange) -> float:
    """Probability of at least `inside.lost` losses if rows are lost as often as `elsewhere`.

    The exact one-sided binomial test. The share elsewhere is taken by Laplace's rule of
    succession, so that no loss there does not make a single one here impossible.
    """
    share = (elsewhere.lost + 1) / (elsewhere.rows + 2)
    return float(binom.sf(inside.lost - 1, inside.rows, share))


def lower_bound_of_difference(
    statistic: Statistic, candidate: Labels, champion: Labels, targets: Labels
) -> float:
    """Lower bound of candidate minus champion by the paired percentile bootstrap (Efron 1979).

    Rows are drawn from all, not within each label: of a label with a single row every draw would
    be the same, as if nothing were left to chance. Both models are measured on the same draws, so
    that two equal models differ by exactly 0. The draws are the same in each call.
    """
    chance = np.random.default_rng(_SEED)
    differences = []
    for _ in range(RESAMPLES // _CHUNK):
        drawn = chance.integers(len(targets), size=(_CHUNK, len(targets)))
        cells = drawn + np.arange(_CHUNK)[:, None] * len(targets)
        times = np.bincount(cells.ravel(), minlength=_CHUNK * len(targets))
        counts = times.reshape(_CHUNK, len(targets)).astype(np.float64)
        differences.append(
            statistic(candidate, targets, counts) - statistic(champion, targets, counts)
        )
    return float(np.percentile(np.concatenate(differences), LOWER_PERCENTILE))


def resampled_accuracy(answers: Labels, targets: Labels, counts: Counts) -> Counts:
    """Share of right answers in each sample; with one label, that label's recall."""
    figure: Counts = counts @ (answers == targets).astype(np.float64) / len(targets)
    return figure


def resampled_macro_f1(answers: Labels, targets: Labels, counts: Counts) -> Counts:
    """Mean F1 of the labels that occur in `targets`, in each sample; 0 of one that is not drawn."""
    labels = np.unique(targets)
    is_target = (targets[:, None] == labels).astype(np.float64)
    is_answer = (answers[:, None] == labels).astype(np.float64)
    hits = counts @ (is_answer * is_target)
    named = np.maximum(counts @ is_answer + counts @ is_target, 1.0)
    figure: Counts = (2.0 * hits / named).mean(axis=1)
    return figure
