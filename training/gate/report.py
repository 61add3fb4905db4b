"""Shows a gate's report as a table or as JSON; judges nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Table

from training.gate.verdict import GateReport


def table(report: GateReport) -> Table:
    """One row a verdict, failures in red."""
    against = f"against {report.champion}" if report.champion else "as the first model"
    table = Table(
        title=f"{report.candidate} {against}, {report.rows:,} rows of {report.data}",
        title_justify="left",
    )
    for heading in ("criterion", "verdict"):
        table.add_column(heading, no_wrap=True)
    for heading in ("candidate", "champion"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("limit", "reason"):
        table.add_column(heading, overflow="fold")
    for verdict in report.verdicts:
        table.add_row(
            verdict.criterion,
            "[green]passed[/]" if verdict.passed else "[bold red]failed[/]",
            _figure(verdict.candidate),
            _figure(verdict.champion),
            escape(verdict.limit),
            escape(verdict.reason),
        )
    return table


def as_record(report: GateReport) -> dict[str, Any]:
    """The report with stable keys, for JSON."""
    return {
        "passed": report.passed,
        "candidate": report.candidate,
        "candidate_digest": report.candidate_digest,
        "champion": report.champion,
        "champion_digest": report.champion_digest,
        "data": report.data,
        "data_sha256": report.data_sha256,
        "rows": report.rows,
        "limits_sha256": report.limits_sha256,
        "verdicts": [asdict(verdict) for verdict in report.verdicts],
    }


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
