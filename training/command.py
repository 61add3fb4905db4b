"""The options of `tickets train`, and the report for people or as JSON; trains nothing itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from stream_app.bundle import bundle_store
from stream_app.cli.output import JsonFlag, err, out, print_json
from stream_app.errors import UserError
from training.architectures import ARCHITECTURES, ArchitectureName
from training.starter_set import load_training_data
from training.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from training.train import TrainingReport

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def train(
    data: Annotated[
        str,
        typer.Option(
            help="banking77, starter, a CSV or JSONL file, or a folder with train and test files."
        ),
    ] = "starter",
    architecture: Annotated[
        ArchitectureName, typer.Option(help="The kind of model: see docs/architectures.md.")
    ] = ArchitectureName.TRANSFORMER,
    base_model: Annotated[
        str | None,
        typer.Option(
            help="Hugging Face id or folder to start from; else the architecture's own start.",
            metavar="MODEL",
        ),
    ] = None,
    taxonomy: Annotated[
        Path | None,
        typer.Option(help="Where each label belongs; else the 77 banking intents.", metavar="FILE"),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Else the preset's.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="For the held-out rows and the fit.")] = 7,
    name: Annotated[str | None, typer.Option(help="Of the model; else the data set's.")] = None,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the bundle; else this machine's.", metavar="DIR"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A usable model in seconds.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Train a model on labelled tickets and write a checked int8 bundle."""
    dataset = load_training_data(data)
    labels = load_taxonomy(taxonomy).labels(dataset.intents)
    store = _writable(out_dir or bundle_store())
    kind = ARCHITECTURES[architecture]
    kind.check_base_model(base_model)
    recipe = kind.quick if quick else kind.full
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    # Importing torch takes seconds; a mistake in the options is told before that.
    from training.progress import FitProgress
    from training.train import train_bundle

    with FitProgress(err) as progress:
        trained = train_bundle(
            dataset,
            labels,
            recipe,
            architecture=kind,
            base_model=base_model,
            seed=seed,
            name=bundle_name(name or dataset.name),
            store=store,
            progress=progress,
        )
    if as_json:
        print_json(asdict(trained.report))
    else:
        out.print(_table(trained.report))


def bundle_name(wanted: str) -> str:
    """The nearest name that a bundle may have: lower case, a dash for each other character."""
    kept = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in wanted.lower()
    )
    return kept.strip("-")[:64] or "tickets"


def _writable(store: Path) -> Path:
    try:
        store.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write bundles to {store}: {error.strerror}") from error
    return store


def _table(report: TrainingReport) -> Table:
    table = Table(title=f"{report.name} {report.version}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rows = (
        ("rows fitted", f"{report.rows:,}"),
        ("measured on", f"{report.measured_rows:,} {report.measured_on.replace('_', '-')} rows"),
        ("accuracy, float32", f"{report.accuracy_fp32:.2%}"),
        ("accuracy, int8 (shipped)", f"{report.accuracy_int8:.2%}"),
        ("int8 agrees with float32", f"{report.agreement:.2%}"),
        ("macro F1", f"{report.macro_f1:.3f}"),
        ("calibration error", f"{report.ece:.3f}"),
        ("review below", f"{report.review_below:.2f}"),
        ("out of scope below", f"{report.out_of_scope_below:.2f}"),
        ("digest", report.digest[:16]),
        ("bundle", report.bundle),
        ("seconds", f"{report.seconds:.0f}"),
    )
    for row in rows:
        table.add_row(*row)
    return table
