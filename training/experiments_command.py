"""The options of `tickets experiments` and what it prints; reads only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from stream_app.cli.output import JsonFlag, out, print_json
from stream_app.errors import UserError
from training.command import tracking_of
from training.tracking.comparison import best_on, ranked

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from training.sweep.study import SweepStudy
    from training.tracking.comparison import RecordedTraining

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="List sweeps and recorded trainings, and show the best with the command that repeats it.",
)

StudyOption = Annotated[
    str | None, typer.Option("--study", help="Name of a study; else the only one there is.")
]
StorageOption = Annotated[
    Path | None,
    typer.Option(
        "--storage", help="SQLite file of the studies; else the user's own.", metavar="FILE"
    ),
]
TrackedFlag = Annotated[
    bool, typer.Option("--tracked", help="The trainings recorded in MLflow, not a sweep's trials.")
]


@app.command("list")
def list_experiments(
    study: StudyOption = None,
    storage: StorageOption = None,
    tracked: TrackedFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """List the studies, the trials of one study, or the trainings in MLflow, the best first."""
    if tracked:
        records = [training.as_record() for training in ranked(_recorded(study))]
        _print_all(records, "no training is recorded there", as_json=as_json)
        return
    from training.sweep.study import default_storage, load_study, study_names

    file = storage or default_storage()
    if study is None:
        found = [_study_record(load_study(file, name)) for name in study_names(file)]
        _print_all(found, f"no studies in {file}: begin one with `tickets sweep`", as_json=as_json)
        return
    sweep = load_study(file, study)
    ended = sorted(sweep.ended(), key=lambda trial: -(trial.value or 0.0))
    records = [_trial_record(trial) for trial in ended]
    _print_all(records, f"no trial of {study} has ended", as_json=as_json)


@app.command("best")
def best_experiment(
    study: StudyOption = None,
    storage: StorageOption = None,
    tracked: TrackedFlag = False,
    data: Annotated[
        str | None,
        typer.Option(
            help="With --tracked: the data as named then, or the start of their digest; needed "
            "where trainings on several data sets are recorded."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the best trial of a study, or training in MLflow, and the command that repeats it."""
    record: dict[str, object]
    if data is not None and not tracked:
        raise UserError("--data needs --tracked: a study has one data set")
    if tracked:
        record = best_on(_recorded(study), data).as_record()
    else:
        from training.sweep.study import default_storage, load_study

        sweep = load_study(storage or default_storage(), study)
        trial = sweep.best()
        if trial is None:
            raise UserError(f"no trial of the study {sweep.name} has run to its end yet")
        record = {
            "study": sweep.name,
            **_trial_record(trial),
            "command": sweep.plan_of(trial).command,
        }
    if as_json:
        print_json(record)
        return
    for name, value in record.items():
        if name != "command":
            out.print(f"{name.replace('_', ' ')}: {_shown(value)}", markup=False, soft_wrap=True)
    out.print(record["command"], markup=False, soft_wrap=True)


def _recorded(study: str | None) -> list[RecordedTraining]:
    if study is not None:
        raise UserError("--study and --tracked exclude each other")
    tracking = tracking_of(wanted=True, option="--tracked")
    # MLflow takes seconds to import; a mistake in the options is told before that.
    from training.tracking.recorded import recorded_trainings

    return recorded_trainings(tracking.uri, tracking.model) if tracking else []


def _study_record(sweep: SweepStudy) -> dict[str, object]:
    best = sweep.best()
    return {
        "study": sweep.name,
        "data": sweep.plan.data,
        "architecture": sweep.plan.architecture.value,
        "trials": len(sweep.ended()),
        "best_accuracy": best.value if best else None,
    }


def _trial_record(trial: FrozenTrial) -> dict[str, object]:
    return {
        "trial": trial.number,
        "accuracy": trial.value,
        "pruned": trial.state.name == "PRUNED",
        **trial.params,
    }


def _print_all(records: list[dict[str, object]], nothing: str, *, as_json: bool) -> None:
    if as_json:
        for record in records:
            print_json(record)
        return
    if not records:
        out.print(nothing, soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in records[0]:
        if name != "command":
            table.add_column(name.replace("_", " "), overflow="fold")
    for record in records:
        table.add_row(*(_shown(value) for name, value in record.items() if name != "command"))
    out.print(table)


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
