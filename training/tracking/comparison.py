"""Compares recorded trainings: only those of the same data, by rows that no test part holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from stream_app.errors import UserError


@dataclass(frozen=True, slots=True)
class RecordedTraining:
    """A finished training. Shares lie in 0..1.

    `held_out_accuracy` is what trainings are compared by, on rows kept from the fit; None where it
    did not get through to the server. `accuracy` is that of the model as it ships, on the test
    part where there is one: chosen by it, it would no longer tell how good the choice is.
    """

    run: str
    began: str
    data: str
    data_sha256: str
    architecture: str
    held_out_accuracy: float | None
    accuracy: float
    command: str

    def as_record(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


def ranked(trainings: Iterable[RecordedTraining]) -> list[RecordedTraining]:
    """Those of one data set after those of another, the best on held-out rows first in each."""
    return sorted(
        trainings,
        key=lambda each: (each.data, each.data_sha256, -(each.held_out_accuracy or 0.0)),
    )


def best_on(trainings: Sequence[RecordedTraining], data: str | None) -> RecordedTraining:
    """The best training on `data`, a name as recorded or the start of a digest.

    Raises `UserError` where there is none, and where the trainings left are of several data sets.
    """
    wanted = [
        each
        for each in ranked(trainings)
        if data is None or each.data == data or each.data_sha256.startswith(data)
    ]
    if not wanted:
        on = f" on {data}" if data is not None else ""
        raise UserError(f"no training{on} is recorded there: train with `tickets train --track`")
    sets = {each.data_sha256: each.data for each in wanted}
    if len(sets) > 1:
        known = ", ".join(f"{digest[:12]} ({name})" for digest, name in sets.items())
        raise UserError(
            f"figures of different data cannot be compared: choose with --data one of {known}"
        )
    return wanted[0]
