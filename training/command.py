"""The options of `tickets train`, and the report for people or as JSON; trains nothing itself."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from stream_app.bundle import bundle_store
from stream_app.cli.output import JsonFlag, err, out, print_json
from stream_app.errors import UserError
from stream_app.registry.address import registry_address
from stream_app.settings import load_settings
from training.architectures import ArchitectureName
from training.named_data import load_training_data
from training.plan import HIGHEST_SEED, Plan, parse_changes
from training.taxonomy import GENERIC, choose_taxonomy
from training.tracking.address import Tracking

if TYPE_CHECKING:
    from training.session import Outcome

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def train(
    data: Annotated[
        str,
        typer.Option(
            help="banking77, starter, toxicity, a CSV or JSONL file, or a folder with train and "
            "test files."
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
        typer.Option(
            help="Where each label belongs, or `generic`; else as docs/architectures.md says.",
            metavar="FILE",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Else the preset's.")] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=HIGHEST_SEED, help="For the held-out rows and the fit.")
    ] = 7,
    name: Annotated[str | None, typer.Option(help="Of the model; else the data set's.")] = None,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the bundle; else this machine's.", metavar="DIR"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A usable model in seconds.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Another value for one field of the recipe, such as learning_rate=1e-4.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Where the HTML report goes; else beside the bundle.",
            metavar="FILE",
            dir_okay=False,
        ),
    ] = None,
    track: Annotated[
        bool | None,
        typer.Option(
            "--track/--no-track",
            help="Record the training in MLflow; else it is recorded where a server is named "
            "and answers.",
        ),
    ] = None,
    register: Annotated[
        bool, typer.Option("--register", help="Register the bundle as a new version in MLflow.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Train a model on labelled tickets and write a checked int8 bundle."""
    changes = parse_changes(settings or ())
    if epochs is not None:
        changes["epochs"] = epochs
    plan = Plan(data, architecture, base_model, taxonomy, quick, seed, changes)
    plan.kind.check_base_model(base_model)
    plan.kind.check_changes(changes)
    dataset = load_training_data(data)
    chosen = choose_taxonomy(taxonomy, data=data, intents=dataset.intents)
    labels = chosen.labels(dataset.intents)
    if chosen.name == GENERIC and taxonomy is None:
        err.print(
            f"no taxonomy for {escape(dataset.name)}: all labels count as general inquiries of "
            f"medium priority; `tickets taxonomy init {escape(data)}` writes one to edit",
            soft_wrap=True,
        )
    store = make_writable(out_dir or bundle_store())
    if report is not None:
        make_writable(report.parent)
    tracking = tracking_of(track, register=register)
    # Importing torch takes seconds; a mistake in the options is told before that.
    from training.session import run_training

    outcome = run_training(
        plan,
        dataset,
        labels,
        name=bundle_name(name or dataset.name),
        store=store,
        report_file=report,
        tracking=tracking,
        register=register,
        console=err,
    )
    if as_json:
        print_json(outcome.as_record())
    else:
        out.print(_table(outcome))


def bundle_name(wanted: str) -> str:
    """The nearest name that a bundle may have: lower case, a dash for each other character."""
    kept = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in wanted.lower()
    )
    return kept.strip("-")[:64] or "tickets"


def make_writable(folder: Path) -> Path:
    """Make sure that `folder` exists and takes files. Raises `UserError` where it does not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Permissions alone do not tell: a file system may be read-only or full.
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"?")
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror}") from error
    return folder


def tracking_of(
    wanted: bool | None, *, register: bool = False, option: str = "--track"
) -> Tracking | None:
    """The server to record on: None where no server is set, or none is `wanted`.

    Raises `UserError` where one is needed, for `option` or to register, and none is set.
    """
    registry = load_settings().registry
    address = registry_address(registry)
    if address is None and (wanted or register):
        raise UserError(
            f"{option if wanted else '--register'} needs an MLflow server: set "
            "MLFLOW_TRACKING_URI=http://host:port, or start one here with `tickets registry`"
        )
    if address is None:
        return None
    return Tracking(address, registry.model, record=wanted is not False, must=bool(wanted))


def _table(outcome: Outcome) -> Table:
    report = outcome.report
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
        *((("report", str(outcome.report_file)),) if outcome.report_file else ()),
        *((("MLflow run", outcome.run_id),) if outcome.run_id else ()),
        *(
            (("registered version", f"{outcome.registered_version}"),)
            if outcome.registered_version
            else ()
        ),
        ("seconds", f"{report.seconds:.0f}"),
    )
    for row in rows:
        table.add_row(*row)
    return table
