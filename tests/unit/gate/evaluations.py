"""Evaluations made of chosen answers, without a model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.gate import Evaluation, GateRows

INTENTS = tuple(f"intent_{number:02}" for number in range(40))
URGENT = frozenset(INTENTS[:16])
ROWS_PER_INTENT = 40


def gate_rows(rows_per_intent: int = ROWS_PER_INTENT) -> GateRows:
    targets = np.repeat(np.arange(len(INTENTS)), rows_per_intent)
    return GateRows(
        data="made up",
        sha256="d" * 64,
        intents=INTENTS,
        targets=targets,
        slices={"category even": targets % 2 == 0, "category odd": targets % 2 == 1},
    )


def evaluation(
    rows: GateRows, *, wrong: npt.NDArray[np.bool_] | None = None, model: str = "candidate"
) -> Evaluation:
    """A model that is right on every row but those of the mask `wrong`, noised or not."""
    answers = rows.targets.copy()
    if wrong is not None:
        answers[wrong] = (answers[wrong] + 1) % len(INTENTS)
    return Evaluation(
        model=model,
        digest=f"sha256:{model}",
        rows=rows,
        labels=frozenset(INTENTS),
        urgent=URGENT,
        answers=answers,
        confidence=np.full(len(answers), 0.95, dtype=np.float32),
        noised_answers=answers,
        scope_inside=np.full(len(answers), 0.9, dtype=np.float32),
        scope_outside=np.full(20, 0.1, dtype=np.float32),
        told_urgent=np.isin(answers, [INTENTS.index(intent) for intent in URGENT]),
        to_review=np.zeros(len(answers), dtype=np.bool_),
        size_mb=23.0,
        ms_per_ticket=(1.5, 1.6, 1.4),
        categories=dict.fromkeys(INTENTS, "Billing"),
        heads=frozenset({"urgency", "abuse"}),
    )


def first_rows(rows: GateRows, intent: str, count: int) -> npt.NDArray[np.bool_]:
    """The first `count` rows of `intent`."""
    mask = np.zeros(len(rows.targets), dtype=np.bool_)
    mask[np.flatnonzero(rows.of_intent(intent))[:count]] = True
    return mask
