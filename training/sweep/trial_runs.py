"""The MLflow runs of a sweep: one for the study and one below it for each trial.

Without a server nothing is recorded, and the trials run all the same: their figures are in the
study's own file.
"""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape

from stream_app.errors import Unavailable
from stream_app.labelled_data import Dataset
from training.code_version import code_version
from training.history import EpochRecord
from training.plan import Changes, Plan
from training.sweep.study import SweepStudy
from training.tracking.address import Tracking
from training.tracking.facts import SWEEP, TRIAL, experiment_name, training_params, training_tags
from training.tracking.run import TrackedRun

ACCURACY = "validation_accuracy"
"""Metric of a trial's run: accuracy on the rows that recipes are compared on."""

_PARENT_ATTRIBUTE = "mlflow_run"
"""Attribute of a study: its run, so that a continued study goes on below the same one."""


class TrialRun:
    """The run of one trial, or nothing; a context manager."""

    def __init__(self, run: TrackedRun | None) -> None:
        self._run = run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._run is not None:
            self._run.__exit__(kind, error, traceback)

    def log_epoch(self, record: EpochRecord) -> None:
        """Record the figures of an epoch."""
        if self._run is not None:
            self._run.log_epoch(record)

    def finish(self, accuracy: float, *, pruned: bool) -> None:
        """Record the outcome; what does not get through is in the study's file."""
        if self._run is not None:
            self._run.finish(metrics={ACCURACY: accuracy}, tags={"pruned": str(pruned).lower()})


class TrialRuns:
    """Starts the trials' runs below `parent`, the study's own run; None records nothing.

    A context manager that ends the study's run, as failed or killed, where an error comes through.
    """

    def __init__(
        self, tracking: Tracking | None, parent: TrackedRun | None, console: Console
    ) -> None:
        self._tracking = tracking
        self._parent = parent
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._parent is not None:
            self._parent.__exit__(kind, error, traceback)

    def start(self, number: int, plan: Plan, changes: Changes, dataset: Dataset) -> TrialRun:
        """The run of trial `number`, which tries `changes`; a warning where it cannot be had."""
        if self._tracking is None or self._parent is None:
            return TrialRun(None)
        tried = replace(plan, changes={**plan.changes, **changes})
        try:
            return TrialRun(
                TrackedRun.start(
                    self._tracking.uri,
                    experiment=experiment_name(self._tracking.model),
                    name=f"trial {number}",
                    params=training_params(tried, dataset),
                    tags=training_tags(tried, code_version(), kind=TRIAL),
                    parent=self._parent.run_id,
                )
            )
        except Unavailable as error:
            _warn(self._console, f"trial {number} is not recorded in MLflow: {error.message}")
            return TrialRun(None)

    def finish(self, sweep: SweepStudy) -> None:
        """End the study's run, with its best accuracy so far if a trial has run to its end."""
        if self._parent is None:
            return
        best = sweep.best()
        metrics = {"trials": float(len(sweep.ended()))}
        if best is None or best.value is None:
            self._parent.finish(metrics=metrics, tags={})
        else:
            self._parent.finish(
                metrics={**metrics, ACCURACY: best.value},
                tags={"best_command": sweep.plan_of(best).command},
            )


def open_trial_runs(
    sweep: SweepStudy, dataset: Dataset, tracking: Tracking | None, console: Console
) -> TrialRuns:
    """Start the study's run, or go on with it.

    Raises `Unavailable` where the server does not answer and `tracking.must`; else that is a
    warning.
    """
    if tracking is None or not tracking.record:
        return TrialRuns(None, None, console)
    try:
        known = sweep.study.user_attrs.get(_PARENT_ATTRIBUTE)
        parent = TrackedRun.go_on(tracking.uri, known) if known else None
        if parent is None:
            parent = TrackedRun.start(
                tracking.uri,
                experiment=experiment_name(tracking.model),
                name=sweep.name,
                params=training_params(sweep.plan, dataset),
                tags=training_tags(sweep.plan, code_version(), kind=SWEEP),
            )
            sweep.study.set_user_attr(_PARENT_ATTRIBUTE, parent.run_id)
    except Unavailable as error:
        if tracking.must:
            raise
        _warn(console, f"the sweep is not recorded in MLflow: {error.message}")
        return TrialRuns(None, None, console)
    return TrialRuns(tracking, parent, console)


def _warn(console: Console, message: str) -> None:
    console.print(f"[yellow]warning:[/] {escape(message)}", soft_wrap=True)
