"""One training as a person asked for it: train, report, record in MLflow, register.

The bundle comes first: whatever fails after it is written leaves it where it is.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from stream_app.bundle import Label, read_bundle
from stream_app.errors import Unavailable
from stream_app.labelled_data import Dataset
from training.code_version import code_version
from training.metrics import accuracy_at_coverage
from training.plan import Plan
from training.progress import FitProgress
from training.report.drawings import drawings
from training.report.figures import COVERAGE
from training.report.noised import noised_accuracy
from training.report.page import render
from training.report.rendering import png
from training.report.subject import Subject
from training.tracking.address import Tracking
from training.tracking.facts import TRAINING, experiment_name, training_params, training_tags
from training.train import Trained, TrainingReport, train_bundle

if TYPE_CHECKING:
    from training.tracking.run import TrackedRun


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a training left behind; the last three are None where nothing was written there."""

    report: TrainingReport
    report_file: Path | None
    run_id: str | None
    registered_version: int | None

    def as_record(self) -> dict[str, object]:
        """One flat object with stable keys."""
        return {
            **asdict(self.report),
            "report": str(self.report_file) if self.report_file else None,
            "mlflow_run": self.run_id,
            "registered_version": self.registered_version,
        }


def run_training(
    plan: Plan,
    dataset: Dataset,
    labels: tuple[Label, ...],
    *,
    name: str,
    store: Path,
    report_file: Path | None,
    tracking: Tracking | None,
    register: bool,
    console: Console,
) -> Outcome:
    """Train by `plan` and write the bundle to `store`, the report to `report_file`.

    The report lies beside the bundle where no file is named for it. Warnings go to `console`.
    Raises as `train_bundle` does, and `Unavailable` where the server does not answer: before the
    fit if `tracking.must`, after it if `register`, with the bundle written.
    """
    with ExitStack() as open_parts:
        run = _start(plan, dataset, name, tracking, console)
        if run is not None:
            open_parts.enter_context(run)
        progress = open_parts.enter_context(
            FitProgress(console, on_epoch=run.log_epoch if run else None)
        )
        trained = train_bundle(
            dataset,
            labels,
            plan.recipe,
            architecture=plan.kind,
            base_model=plan.base_model,
            seed=plan.seed,
            name=name,
            store=store,
            progress=progress,
        )
        progress.step("writing the report")
        folder = Path(trained.report.bundle)
        bundle = read_bundle(folder)
        subject = Subject(
            bundle=bundle,
            evidence=trained.evidence,
            noised_accuracy=noised_accuracy(bundle, trained.evidence),
            measured_on=trained.report.measured_on,
            history=tuple(progress.history),
            command=plan.command,
            code=code_version(),
        )
        page = render(subject)
        written = write_report(page, report_file or store / f"{folder.name}.html", console)
        if run is not None:
            _finish(run, trained, subject, page, console)
        version = _register(trained.report, tracking) if register and tracking else None
    return Outcome(trained.report, written, run.run_id if run else None, version)


def _start(
    plan: Plan, dataset: Dataset, name: str, tracking: Tracking | None, console: Console
) -> TrackedRun | None:
    if tracking is None or not tracking.record:
        return None
    # MLflow takes seconds to import: only whoever records pays for it.
    from training.tracking.run import TrackedRun

    try:
        return TrackedRun.start(
            tracking.uri,
            experiment=experiment_name(tracking.model),
            name=name,
            params=training_params(plan, dataset),
            tags=training_tags(plan, code_version(), kind=TRAINING),
        )
    except Unavailable as error:
        if tracking.must:
            raise
        _warn(console, f"the training is not recorded: {error.message}")
        return None


def write_report(page: str, file: Path, console: Console) -> Path | None:
    """`file`, or None and a warning where it cannot be written: the bundle is worth more."""
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        _warn(console, f"the report is not written: {file}: {error.strerror}")
        return None
    return file


def _register(report: TrainingReport, tracking: Tracking) -> int:
    from training.registration import register_bundle

    try:
        return register_bundle(
            Path(report.bundle),
            tracking_uri=tracking.uri,
            model=tracking.model,
            evaluation=asdict(report),
        )
    except Unavailable as error:
        raise Unavailable(
            f"{error.message}; the bundle is written, register it with "
            f"`tickets model register {report.bundle}`"
        ) from error


def _finish(
    run: TrackedRun,
    trained: Trained,
    subject: Subject,
    page: str,
    console: Console,
) -> None:
    report, evidence = trained.report, trained.evidence
    covered = accuracy_at_coverage(evidence.confidence, evidence.correct, COVERAGE)
    numbers = {
        name: float(value)
        for name, value in asdict(report).items()
        if isinstance(value, int | float)
    }
    lost = run.finish(
        metrics={
            **numbers,
            f"accuracy_at_coverage_{round(100 * COVERAGE)}": covered,
            "accuracy_noised": subject.noised_accuracy,
            "int8_rows_per_second": evidence.int8_rows_per_second,
            "fp32_rows_per_second": evidence.fp32_rows_per_second,
        },
        tags={
            "bundle": Path(report.bundle).name,
            "bundle_digest": f"sha256:{report.digest}",
            "measured_on": report.measured_on,
        },
        report=page,
        figures={name: png(drawing) for name, drawing in drawings(subject).items()},
    )
    if lost:
        _warn(console, f"MLflow did not take everything; not recorded: {', '.join(lost)}")


def _warn(console: Console, message: str) -> None:
    console.print(f"[yellow]warning:[/] {escape(message)}", soft_wrap=True)
