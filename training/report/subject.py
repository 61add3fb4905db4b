"""What a report is about, gathered from a training; draws and computes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stream_app.bundle import Bundle
from training.code_version import CodeVersion
from training.evidence import Evidence
from training.history import EpochRecord


@dataclass(frozen=True)
class Subject:
    """A trained bundle and how it came about.

    `evidence` was measured on the part of the data that `measured_on` names; `noised_accuracy`
    (0..1) on a noised copy of it. `command` trains the
    model again. `history` may be empty: not every kind of model is fitted in epochs.
    """

    bundle: Bundle
    evidence: Evidence
    noised_accuracy: float
    measured_on: Literal["test", "held_out"]
    history: tuple[EpochRecord, ...]
    command: str
    code: CodeVersion
