"""Reads recorded trainings back from MLflow; changes nothing there."""

from __future__ import annotations

from datetime import UTC, datetime

from mlflow.entities import Run

from training.registration.server import connect, failures_told
from training.tracking.comparison import RecordedTraining
from training.tracking.facts import (
    ACCURACY_METRIC,
    COMMAND_TAG,
    HELD_OUT_METRIC,
    KIND_TAG,
    TRAINING,
    experiment_name,
)

MOST = 500
"""Trainings that are read, the latest ones: more than a person compares."""


def recorded_trainings(tracking_uri: str, model: str) -> list[RecordedTraining]:
    """The finished trainings for `model`, the latest first.

    Raises `Unavailable` where the server does not answer.
    """
    client = connect(tracking_uri)
    with failures_told(tracking_uri):
        experiment = client.get_experiment_by_name(experiment_name(model))
        if experiment is None:
            return []
        runs = client.search_runs(
            [experiment.experiment_id],
            f"tags.{KIND_TAG} = '{TRAINING}' and attributes.status = 'FINISHED'",
            order_by=["attributes.start_time DESC"],
            max_results=MOST,
        )
    return [_read(run) for run in runs if ACCURACY_METRIC in run.data.metrics]


def _read(run: Run) -> RecordedTraining:
    began = datetime.fromtimestamp(run.info.start_time / 1_000, UTC)
    return RecordedTraining(
        run=run.info.run_id,
        began=f"{began:%Y-%m-%d %H:%M}",
        data=run.data.params.get("data", ""),
        data_sha256=run.data.params.get("data_sha256", ""),
        architecture=run.data.params.get("architecture", ""),
        held_out_accuracy=run.data.metrics.get(HELD_OUT_METRIC),
        accuracy=run.data.metrics[ACCURACY_METRIC],
        command=run.data.tags.get(COMMAND_TAG, ""),
    )
