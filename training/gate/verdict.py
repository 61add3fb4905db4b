"""What the gate says: one verdict a criterion, and the report of all of them; decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Criterion(StrEnum):
    """What is judged, in the order of the report."""

    LABELS = "labels"
    MACRO_F1 = "macro F1"
    URGENT_RECALL = "urgent recall"
    URGENT_INTENTS = "urgent intents"
    TOLD_URGENT = "told urgent"
    UNREVIEWED = "sent to no review"
    WORST_SLICE = "worst slice"
    CALIBRATION = "calibration error"
    NOISE = "accuracy on noise"
    OUT_OF_SCOPE = "out-of-scope AUROC"
    SIZE = "size in MB"
    LATENCY = "ms a ticket"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One criterion: what was measured, what was allowed, and why it passed or failed.

    `candidate` is `None` where nothing could be measured.
    """

    criterion: Criterion
    passed: bool
    candidate: float | None
    champion: float | None
    limit: str
    reason: str


@dataclass(frozen=True, slots=True)
class GateReport:
    """All verdicts on one candidate. `champion` and its digest are `None` for a first model.

    The digests tell what was judged, by which rows and by which limits.
    """

    candidate: str
    candidate_digest: str
    champion: str | None
    champion_digest: str | None
    data: str
    data_sha256: str
    rows: int
    limits_sha256: str
    verdicts: tuple[Verdict, ...]

    @property
    def passed(self) -> bool:
        """Whether every criterion passed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Verdict, ...]:
        """The verdicts against the candidate."""
        return tuple(verdict for verdict in self.verdicts if not verdict.passed)
