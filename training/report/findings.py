"""What a model owner should look at: worst confusions, weakest intents, slices; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from schemas import Priority
from stream_app.bundle import Label
from training.evidence import Evidence
from training.metrics import area_under_roc, roc_curve, upper_bound

LEAST_SLICE = 20
"""A slice of fewer rows has an interval so wide that it says nothing."""

LENGTH_EDGES = (8, 16, 32, 64)
"""Upper ends, in tokens, of the length slices; one more holds what is longer."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows of intent `target` that were answered as `answer`, both label indices.

    `rows` holds the row numbers, the surest mistake first; `of` counts all rows of `target`.
    """

    target: int
    answer: int
    rows: tuple[int, ...]
    of: int


@dataclass(frozen=True, slots=True)
class IntentScore:
    """How well one intent is found: `rows` of it were measured; the shares lie in 0..1.

    `precision` is None where the intent was never answered.
    """

    label: int
    rows: int
    recall: float
    precision: float | None


@dataclass(frozen=True, slots=True)
class Slice:
    """Accuracy on part of the rows, with its 95% interval (Wilson 1927); shares in 0..1."""

    dimension: str
    name: str
    rows: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class CategoryRoc:
    """How well a category stands out from the rest; its score is the sum over its intents."""

    category: str
    rows: int
    false_positive_rate: npt.NDArray[np.float64]
    true_positive_rate: npt.NDArray[np.float64]
    area: float


def worst_pairs(evidence: Evidence, most: int) -> list[Confusion]:
    """Up to `most` pairs of intents, those with the most mistakes first."""
    mistakes: dict[tuple[int, int], list[int]] = {}
    answers, confidence = evidence.answers, evidence.confidence
    for row in np.flatnonzero(~evidence.correct):
        pair = (int(evidence.targets[row]), int(answers[row]))
        mistakes.setdefault(pair, []).append(int(row))
    found = [
        Confusion(
            target=target,
            answer=answer,
            rows=tuple(sorted(rows, key=lambda row: -confidence[row])),
            of=int((evidence.targets == target).sum()),
        )
        for (target, answer), rows in mistakes.items()
    ]
    found.sort(key=lambda one: (-len(one.rows), -len(one.rows) / one.of, one.target, one.answer))
    return found[:most]


def weakest_intents(evidence: Evidence, most: int) -> list[IntentScore]:
    """Up to `most` of the measured intents that are not always found, the least found first."""
    scores = []
    for label in np.unique(evidence.targets):
        is_label, is_answer = evidence.targets == label, evidence.answers == label
        scores.append(
            IntentScore(
                label=int(label),
                rows=int(is_label.sum()),
                recall=float(is_answer[is_label].mean()),
                precision=float(is_label[is_answer].mean()) if is_answer.any() else None,
            )
        )
    imperfect = [score for score in scores if score.recall < 1.0]
    return sorted(imperfect, key=lambda score: (score.recall, score.label))[:most]


def slices(evidence: Evidence, labels: Sequence[Label]) -> list[Slice]:
    """Accuracy by the target's category and priority, and by length.

    Slices of fewer than `LEAST_SLICE` rows are left out.
    """
    categories = np.array([label.category for label in labels])[evidence.targets]
    priorities = np.array([label.priority.value for label in labels])[evidence.targets]
    members = [("category", name, categories == name) for name in sorted(set(categories))]
    members += [("priority", priority.value, priorities == priority.value) for priority in Priority]
    shorter = 0
    for edge in LENGTH_EDGES:
        inside = (evidence.tokens > shorter) & (evidence.tokens <= edge)
        members.append(("length", f"{shorter + 1} to {edge} tokens", inside))
        shorter = edge
    members.append(("length", f"over {shorter} tokens", evidence.tokens > shorter))
    return [
        _slice(dimension, str(name), evidence.correct[inside])
        for dimension, name, inside in members
        if inside.sum() >= LEAST_SLICE
    ]


def category_rocs(evidence: Evidence, labels: Sequence[Label]) -> list[CategoryRoc]:
    """One curve for each category that has rows and is not alone."""
    category_of = np.array([label.category for label in labels])
    curves = []
    for category in sorted(set(category_of)):
        members = category_of == category
        positive = members[evidence.targets]
        if positive.any() and not positive.all():
            scores = evidence.probabilities[:, members].sum(axis=1)
            curves.append(
                CategoryRoc(
                    str(category),
                    int(positive.sum()),
                    *roc_curve(scores, positive),
                    area=area_under_roc(scores, positive),
                )
            )
    return curves


def interval(share: float, rows: int) -> tuple[float, float]:
    """The true shares that `share` of `rows` rows leaves likely (Wilson 1927, 95%)."""
    return 1.0 - upper_bound(1.0 - share, rows), upper_bound(share, rows)


def _slice(dimension: str, name: str, correct: npt.NDArray[np.bool_]) -> Slice:
    accuracy = float(correct.mean())
    return Slice(dimension, name, len(correct), accuracy, *interval(accuracy, len(correct)))
