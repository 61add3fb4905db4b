"""A made-up training to report on: three intents, and answers that a test chooses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from schemas import Priority
from stream_app.bundle import Bundle, Calibration, Label
from stream_app.bundle.manifest import FileDigest, Manifest, Provenance
from training.code_version import CodeVersion
from training.evidence import Evidence
from training.history import EpochRecord
from training.report.subject import Subject

LABELS = (
    Label(intent="card_stolen", category="Cards", priority=Priority.HIGH),
    Label(intent="card_lost", category="Cards", priority=Priority.HIGH),
    Label(intent="open_hours", category="Branches", priority=Priority.LOW),
)
STOLEN, LOST, HOURS = range(3)


def evidence(
    answers: Sequence[tuple[int, int, float]], *, text: str = "where is my card", tokens: int = 5
) -> Evidence:
    """A row for each `(target, answer, confidence)`; the confidence must be the largest share."""
    probabilities = np.empty((len(answers), len(LABELS)), dtype=np.float32)
    for row, (_, answer, confidence) in enumerate(answers):
        probabilities[row] = (1.0 - confidence) / (len(LABELS) - 1)
        probabilities[row, answer] = confidence
    return Evidence(
        texts=tuple(f"{text} {row}" for row in range(len(answers))),
        tokens=np.full(len(answers), tokens),
        targets=np.array([target for target, _, _ in answers]),
        probabilities=probabilities,
        exact_answers=probabilities.argmax(axis=1),
        int8_rows_per_second=800.0,
        fp32_rows_per_second=200.0,
    )


def subject(measured: Evidence, *, epochs: int = 3, review_below: float = 0.5) -> Subject:
    """`measured` as the outcome of a training of `epochs` epochs."""
    manifest = Manifest(
        name="cards",
        version="20260301T093000Z",
        created_at=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        max_tokens=128,
        provenance=Provenance(
            base_model="all-MiniLM-L6-v2",
            data="cards",
            data_sha256="ab" * 32,
            training_rows=90,
            seed=7,
            recipe={"epochs": epochs, "learning_rate": 1.5e-4},
            metrics={
                "accuracy_fp32": 0.9,
                "accuracy_int8": 0.9,
                "agreement": 1.0,
                "ece": 0.01,
                "macro_f1": 0.88,
            },
            libraries={"numpy": "2.2"},
        ),
        files={"model.onnx": FileDigest(sha256="cd" * 32, bytes=23_400_000)},
    )
    bundle = Bundle(
        manifest=manifest,
        digest="ef" * 32,
        labels=LABELS,
        calibration=Calibration(temperature=1.0, review_below=review_below, out_of_scope_below=0.1),
        golden=(),
        model_path=Path("model.onnx"),
        tokenizer_path=Path("tokenizer.json"),
    )
    history = tuple(
        EpochRecord(epoch, 1.0 / epoch if epoch else None, 1.0, 0.5 + epoch / 10, 2.0)
        for epoch in range(epochs + 1)
    )
    return Subject(
        bundle=bundle,
        evidence=measured,
        noised_accuracy=0.8,
        measured_on="test",
        history=history,
        command="tickets train --data cards.csv --seed 7",
        code=CodeVersion("1.2.3", "0123456789abcdef", changed=True),
    )
