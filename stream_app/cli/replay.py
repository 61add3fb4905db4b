"""`tickets replay`: measure a running worker, or one of its own, on a labelled data set."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from stream_app.cli.output import JsonFlag, err, out, print_json

if TYPE_CHECKING:
    from stream_app.replay import ReplayReport


def replay(
    data: Annotated[
        str,
        typer.Argument(
            metavar="DATA",
            help="banking77, a CSV or JSONL file (all rows), or a folder (its test part or file).",
        ),
    ],
    local: Annotated[
        bool, typer.Option("--local", help="Bring up a broker and a worker; end them afterwards.")
    ] = False,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", help="Model that the --local worker serves.", metavar="DIR"),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=0.1, help="Tickets a second; else as fast as possible."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Only the first rows.")
    ] = None,
    patience: Annotated[
        float, typer.Option("--patience", min=1.0, help="Seconds without a result to give up.")
    ] = 60.0,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Send a labelled data set through Kafka and a worker, wait for every result, and score it.

    Exits with 4 where a record was lost or went to several queues.
    """
    from stream_app.errors import CheckFailed, UserError
    from stream_app.labelled_data import load_test_rows
    from stream_app.replay import replay as run_replay
    from stream_app.replay.local import local_worker
    from stream_app.settings import load_settings

    if bundle is not None and not local:
        raise UserError("--bundle names the model of a --local worker; a running one has its own")
    if config is not None and local:
        raise UserError("--config names a cluster with a running worker; --local brings its own")
    rows = load_test_rows(data)[:limit]
    with ExitStack() as stack:
        settings = (
            stack.enter_context(
                local_worker(bundle=bundle, on_progress=lambda line: err.print(escape(line)))
            )
            if local
            else load_settings(config)
        )
        bar = stack.enter_context(_progress())
        task = bar.add_task("replaying", total=len(rows))
        report = asyncio.run(
            run_replay(
                settings,
                [(row.text, row.intent) for row in rows],
                data=data,
                rate_per_s=rate,
                patience_s=patience,
                on_progress=lambda done, _: bar.update(task, completed=done),
            )
        )
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        out.print(report_table(report))
    if not report.conserved:
        raise CheckFailed(
            f"{report.lost} of {report.records} records have no outcome and "
            f"{report.in_several_queues} have more than one queue; is a worker running?"
        )


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def report_table(report: ReplayReport) -> Table:
    """The report for people."""
    table = Table(title=f"replay of {report.data}", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("records", f"{report.records:,}")
    for queue, count in report.routed.items():
        table.add_row(f"  {queue}", f"{count:,}")
    table.add_row("  dead-lettered", f"{report.dead_lettered:,}")
    table.add_row("lost", f"{report.lost:,}")
    table.add_row("duplicates", f"{report.duplicates:,}")
    table.add_row("accuracy", f"{report.accuracy:.2%}")
    table.add_row("macro F1", f"{report.macro_f1:.4f}")
    table.add_row("tickets/s", f"{report.throughput_per_s:,.0f}")
    if report.latency_ms is not None:
        table.add_row(
            "latency p50 / p99", f"{report.latency_ms.p50:,.0f} / {report.latency_ms.p99:,.0f} ms"
        )
    if report.model is not None:
        table.add_row("model", f"{report.model.name} {report.model.version}")
    return table
