"""Reads recorded trainings back from MLflow; changes nothing there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from mlflow.entities import Run

from training.registration.server import connect, failures_told
from training.tracking.facts import (
    ACCURACY_METRIC,
    COMMAND_TAG,
    KIND_TAG,
    TRAINING,
    experiment_name,
)

MOST = 100
"""Trainings that are read: more than a person compares."""


@dataclass(frozen=True, slots=True)
class RecordedTraining:
    """A finished training; `accuracy` (0..1) is that of the model as it ships."""

    run: str
    began: str
    data: str
    architecture: str
    accuracy: float
    command: str

    def as_record(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


def recorded_trainings(tracking_uri: str, model: str) -> list[RecordedTraining]:
    """The finished trainings for `model`, the most accurate first.

    Figures of different data cannot be compared: whoever reads the list has to look. Raises
    `Unavailable` where the server does not answer.
    """
    client = connect(tracking_uri)
    with failures_told(tracking_uri):
        experiment = client.get_experiment_by_name(experiment_name(model))
        if experiment is None:
            return []
        runs = client.search_runs(
            [experiment.experiment_id],
            f"tags.{KIND_TAG} = '{TRAINING}' and attributes.status = 'FINISHED'",
            order_by=[f"metrics.{ACCURACY_METRIC} DESC"],
            max_results=MOST,
        )
    return [_read(run) for run in runs if ACCURACY_METRIC in run.data.metrics]


def _read(run: Run) -> RecordedTraining:
    began = datetime.fromtimestamp(run.info.start_time / 1_000, UTC)
    return RecordedTraining(
        run=run.info.run_id,
        began=f"{began:%Y-%m-%d %H:%M}",
        data=run.data.params.get("data", ""),
        architecture=run.data.params.get("architecture", ""),
        accuracy=run.data.metrics[ACCURACY_METRIC],
        command=run.data.tags.get(COMMAND_TAG, ""),
    )
