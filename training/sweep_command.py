"""The options of `tickets sweep` and what it prints; runs no trial itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from stream_app.cli.output import JsonFlag, err, out, print_json
from stream_app.errors import UserError
from training.architectures import ArchitectureName
from training.command import bundle_name, tracking_of
from training.named_data import load_training_data
from training.plan import HIGHEST_SEED, Plan
from training.taxonomy import choose_taxonomy

if TYPE_CHECKING:
    from training.sweep.study import SweepStudy

INTERRUPTED = 130

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def sweep(
    data: Annotated[
        str, typer.Option(help="As for `tickets train`; its test part is not looked at.")
    ] = "starter",
    trials: Annotated[
        int, typer.Option(min=1, help="How many the study shall have, counting earlier ones.")
    ] = 20,
    timeout: Annotated[
        float | None,
        typer.Option(min=0.0, help="Begin no trial after so many seconds.", metavar="SECONDS"),
    ] = None,
    study: Annotated[
        str | None, typer.Option(help="Name; else that of data and architecture.")
    ] = None,
    storage: Annotated[
        Path | None,
        typer.Option(
            help="SQLite file of the studies; else in the user's data folder.", metavar="FILE"
        ),
    ] = None,
    architecture: Annotated[
        ArchitectureName, typer.Option(help="The kind of model: see docs/architectures.md.")
    ] = ArchitectureName.TRANSFORMER,
    base_model: Annotated[
        str | None, typer.Option(help="As for `tickets train`.", metavar="MODEL")
    ] = None,
    taxonomy: Annotated[
        Path | None, typer.Option(help="As for `tickets train`.", metavar="FILE")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Of each trial; else the preset's.")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0, max=HIGHEST_SEED, help="For the rows set aside, the fits and the search."
        ),
    ] = 7,
    quick: Annotated[bool, typer.Option("--quick", help="Search around the quick preset.")] = False,
    track: Annotated[
        bool | None,
        typer.Option(
            "--track/--no-track",
            help="Record the trials in MLflow; else where a server is named and answers.",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Search for a better recipe; the same command goes on where it stopped.

    Recipes are compared on rows cut from the training part, half of them noised. A trial that
    falls behind the median of the others is given up. Ctrl-C keeps what has ended.
    """
    changes = {} if epochs is None else {"epochs": epochs}
    plan = Plan(data, architecture, base_model, taxonomy, quick, seed, changes)
    if plan.recipe.fits > 1:
        # What is best for one fit is best for several, and is found in a fraction of the time.
        plan = replace(plan, changes={**changes, "fits": 1})
    plan.kind.check_base_model(base_model)
    if not plan.recipe.epochs:
        raise UserError(
            "nothing to search: without epochs the network's weights stay as they are; give "
            "--epochs or leave out --quick"
        )
    dataset = load_training_data(data)
    # Not needed here, but the training that the sweep is for would fail without.
    choose_taxonomy(taxonomy, data=data, intents=dataset.intents).labels(dataset.intents)
    tracking = tracking_of(track)
    # Importing torch takes seconds; a mistake in the options is told before that.
    from training.sweep.study import default_storage, open_study
    from training.sweep.sweep import run_sweep
    from training.sweep.trial_runs import open_trial_runs

    file = storage or default_storage()
    name = study or f"{bundle_name(dataset.name)}-{architecture.value}"
    found = open_study(file, name, plan, data_sha256=dataset.sha256)
    runs = open_trial_runs(found, dataset, tracking, err)
    interrupted = False
    with runs:
        try:
            run_sweep(found, dataset, trials=trials, timeout_s=timeout, runs=runs, console=err)
        except KeyboardInterrupt:
            interrupted = True
            err.print("interrupted: the same command goes on from here", highlight=False)
        runs.finish(found)
    if as_json:
        print_json(_record(found, file))
    else:
        out.print(_table(found, file))
    if interrupted:
        raise typer.Exit(INTERRUPTED)


def _record(found: SweepStudy, storage: Path) -> dict[str, object]:
    best = found.best()
    return {
        "study": found.name,
        "storage": str(storage),
        "trials": len(found.ended()),
        "pruned": found.pruned(),
        "best_trial": best.number if best else None,
        "best_accuracy": best.value if best else None,
        "preset_accuracy": found.preset_accuracy(),
        "command": found.plan_of(best).command if best else None,
    }


def _table(found: SweepStudy, storage: Path) -> Table:
    table = Table(title=f"study {found.name}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    best, preset = found.best(), found.preset_accuracy()
    table.add_row("trials", f"{len(found.ended())}, {found.pruned()} of them given up early")
    if best is not None:
        table.add_row("best", f"trial {best.number}, accuracy {best.value:.2%}")
        if preset is not None:
            table.add_row("the preset", f"accuracy {preset:.2%}")
        table.add_row("train it", found.plan_of(best).command)
    table.add_row("kept in", str(storage))
    return table
