"""The few figures that a report begins with, each with what it means; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas import Priority
from training.metrics import accuracy_at_coverage, expected_calibration_error
from training.report.figures import COVERAGE
from training.report.findings import interval
from training.report.subject import Subject


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure, ready to print, and one or two sentences for whoever has to decide by it."""

    name: str
    value: str
    meaning: str


def headlines(subject: Subject) -> list[Headline]:
    """The headline figures, the most telling first."""
    evidence = subject.evidence
    rows = len(evidence.targets)
    accuracy = float(evidence.correct.mean())
    low, high = interval(accuracy, rows)
    covered = accuracy_at_coverage(evidence.confidence, evidence.correct, COVERAGE)
    error = expected_calibration_error(evidence.confidence, evidence.correct)
    return [
        Headline(
            "Accuracy",
            f"{accuracy:.1%}",
            f"Tickets that get the right intent. With {rows:,} measured, the true share lies "
            f"between {low:.1%} and {high:.1%}.",
        ),
        Headline(
            f"Accuracy at {COVERAGE:.0%} coverage",
            f"{covered:.1%}",
            f"If people decide the least sure {1 - COVERAGE:.0%}, the rest is right this often.",
        ),
        Headline(
            "Accuracy on noised tickets",
            f"{subject.noised_accuracy:.1%}",
            "The same tickets with typos, greetings, sign-offs, chat spellings and the like, in "
            "wording that training never saw: "
            f"{100 * (subject.noised_accuracy - accuracy):+.1f} points.",
        ),
        *_by_placement(subject),
        Headline(
            "Calibration error",
            f"{error:.3f}",
            "How far confidence and accuracy lie apart on average. Under 0.02 a confidence can be "
            "read as the chance of being right.",
        ),
        Headline(
            "Same answer as float32",
            f"{(evidence.answers == evidence.exact_answers).mean():.1%}",
            "What shrinking the model to int8 leaves unchanged, at "
            f"{evidence.int8_rows_per_second / evidence.fp32_rows_per_second:.1f} times the speed.",
        ),
    ]


def review_sentence(subject: Subject) -> str:
    """What the shipped review threshold does to the measured tickets."""
    evidence, threshold = subject.evidence, subject.bundle.calibration.review_below
    accepted = evidence.confidence >= threshold
    if not accepted.any():
        return f"No ticket reaches the shipped threshold of {threshold:.2f}: all go to review."
    return (
        f"At the shipped threshold of {threshold:.2f}, {1 - accepted.mean():.1%} of the tickets go "
        f"to review and {evidence.correct[accepted].mean():.1%} of the rest are right."
    )


def _by_placement(subject: Subject) -> list[Headline]:
    evidence, labels = subject.evidence, subject.bundle.labels
    category = np.array([label.category for label in labels])
    pressing = np.array([label.priority is Priority.HIGH for label in labels])
    same_category = category[evidence.answers] == category[evidence.targets]
    found = [
        Headline(
            "Right category",
            f"{same_category.mean():.1%}",
            "Tickets that reach the right team, also where the intent is wrong.",
        )
    ]
    urgent = pressing[evidence.targets]
    if urgent.any():
        found.append(
            Headline(
                "Urgent intents seen as urgent",
                f"{pressing[evidence.answers][urgent].mean():.1%}",
                f"Of {int(urgent.sum()):,} tickets with a high-priority intent, by the model "
                "alone. Rules catch more.",
            )
        )
    return found
