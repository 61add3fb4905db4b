"""One MLflow run of a training or a sweep: owns what is sent, and keeps what is not sent yet.

Works through `MlflowClient` alone: no global experiment, no active run.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from stream_app.errors import Unavailable
from training.history import EpochRecord
from training.registration.server import connect, failures_told
from training.tracking.facts import HELD_OUT_METRIC

RETRY_AFTER_S = 60.0
"""After a failure nothing is sent for so long: an epoch must not wait for a dead server twice."""

PARENT_TAG = "mlflow.parentRunId"
"""How MLflow shows a run below another one."""

REPORT_FILE = "report.html"
FIGURES_FOLDER = "figures"

Status = Literal["FINISHED", "FAILED", "KILLED"]


class TrackedRun:
    """A run that was created on the server at `tracking_uri`.

    A context manager that ends the run as failed where an error, or as killed where Ctrl-C, comes
    through it. After `finish` nothing more is sent.
    """

    def __init__(self, client: MlflowClient, tracking_uri: str, run_id: str) -> None:
        self.run_id = run_id
        self._client = client
        self._uri = tracking_uri
        self._unsent: list[Metric] = []
        self._silent_until = 0.0
        self._ended = False

    @classmethod
    def start(
        cls,
        tracking_uri: str,
        *,
        experiment: str,
        name: str,
        params: Mapping[str, object],
        tags: Mapping[str, str],
        parent: str | None = None,
    ) -> Self:
        """Create a run, below the run `parent` if that is given.

        Raises `Unavailable` where the server does not answer.
        """
        client = connect(tracking_uri)
        with failures_told(tracking_uri):
            found = client.get_experiment_by_name(experiment)
            where = found.experiment_id if found else client.create_experiment(experiment)
            below = {PARENT_TAG: parent} if parent else {}
            run = client.create_run(where, run_name=name, tags={**tags, **below})
            client.log_batch(
                run.info.run_id,
                params=[Param(key, str(value)) for key, value in params.items()],
            )
        return cls(client, tracking_uri, run.info.run_id)

    @classmethod
    def go_on(cls, tracking_uri: str, run_id: str) -> Self | None:
        """A run that was started before; None where the server does not have it.

        Raises `Unavailable` where the server does not answer.
        """
        client = connect(tracking_uri)
        with failures_told(tracking_uri):
            try:
                client.update_run(run_id, status="RUNNING")
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                return None
        return cls(client, tracking_uri, run_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self._ended and kind is not None:
            self._end("KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED")

    def log_epoch(self, record: EpochRecord) -> None:
        """Send the figures of an epoch, with those that could not be sent before."""
        at = int(time.time() * 1_000)
        self._unsent += [
            Metric(name, value, at, record.epoch)
            for name, value in (
                ("loss", record.loss),
                ("held_out_loss", record.held_out_loss),
                (HELD_OUT_METRIC, record.held_out_accuracy),
                ("epoch_seconds", record.seconds),
            )
            if value is not None
        ]
        if time.monotonic() >= self._silent_until:
            self._try(self._send_unsent)

    def finish(
        self,
        *,
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
        report: str | None = None,
        figures: Mapping[str, bytes] | None = None,
    ) -> list[str]:
        """Record the outcome and end the run; returns what could not be recorded, in words.

        `report` is an HTML page, `figures` are PNG images by name.
        """
        at = int(time.time() * 1_000)
        outcome = [Metric(name, value, at, 0) for name, value in metrics.items()]
        steps: dict[str, Callable[[], object]] = {
            "the figures of some epochs": self._send_unsent,
            "the metrics": lambda: self._client.log_batch(
                self.run_id,
                metrics=outcome,
                tags=[RunTag(name, value) for name, value in tags.items()],
            ),
        }
        if report is not None:
            steps["the report"] = lambda: self._client.log_text(self.run_id, report, REPORT_FILE)
        if figures:
            steps["the images"] = lambda: self._send_images(figures)
        lost: list[str] = []
        for what, step in steps.items():
            # A server that failed is not asked again: each try may take its whole timeout.
            if lost or not self._try(step):
                lost.append(what)
        if lost or not self._end("FINISHED"):
            lost.append("that the run has ended")
        return lost

    def _end(self, status: Status) -> bool:
        self._ended = True
        return self._try(lambda: self._client.set_terminated(self.run_id, status))

    def _send_unsent(self) -> None:
        if self._unsent:
            self._client.log_batch(self.run_id, metrics=self._unsent)
            self._unsent = []

    def _send_images(self, figures: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory(prefix="tickets-figures-") as folder:
            for name, content in figures.items():
                (Path(folder) / f"{name}.png").write_bytes(content)
            self._client.log_artifacts(self.run_id, folder, FIGURES_FOLDER)

    def _try(self, step: Callable[[], object]) -> bool:
        """Whether `step` went through; a failure of the server is no failure of the training."""
        try:
            with failures_told(self._uri):
                step()
        except Unavailable:
            self._silent_until = time.monotonic() + RETRY_AFTER_S
            return False
        return True
