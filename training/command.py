"""What `tickets train` does once its options are read: load, train, report."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from stream_app.bundle import bundle_store
from training.base_model import DEFAULT_BASE_MODEL
from training.datasets import load_dataset
from training.progress import FitProgress
from training.recipe import FULL, QUICK
from training.taxonomy import load_taxonomy
from training.train import TrainingReport, train_bundle


def train(
    *,
    data: str,
    taxonomy: Path | None,
    base_model: str | None,
    epochs: int | None,
    quick: bool,
    seed: int,
    name: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Train a bundle and print its figures on standard output.

    None stands for the default: the packaged taxonomy, all-MiniLM-L6-v2, the preset's epochs, the
    data set's name, the store of bundles on this machine. Raises `UserError` as `load_dataset`,
    `load_taxonomy` and `train_bundle` do.
    """
    dataset = load_dataset(data)
    recipe = QUICK if quick else FULL
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    with FitProgress() as progress:
        report = train_bundle(
            dataset,
            load_taxonomy(taxonomy),
            recipe,
            base_model=base_model or DEFAULT_BASE_MODEL,
            seed=seed,
            name=name or bundle_name(dataset.name),
            store=out or bundle_store(),
            progress=progress,
        )
    if as_json:
        print(json.dumps(asdict(report)))  # noqa: T201
    else:
        Console().print(_table(report))


def bundle_name(dataset_name: str) -> str:
    """A bundle's name made of a data set's: lower case, with a dash for each odd character."""
    kept = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in dataset_name.lower()
    )
    return kept.strip("-")[:64] or "tickets"


def _table(report: TrainingReport) -> Table:
    table = Table(title=f"{report.name} {report.version}", show_header=False, title_justify="left")
    table.add_column(style="bold")
    table.add_column()
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
