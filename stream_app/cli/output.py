"""What every subcommand prints with: results on stdout, everything for people on stderr."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console

out = Console(highlight=False)
"""Results for people. With `--json` only `print_json` writes to stdout."""

err = Console(stderr=True, highlight=False)
"""Progress, logs and errors."""

JsonFlag = Annotated[
    bool, typer.Option("--json", help="Print JSON with stable keys instead of text for people.")
]


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on one line of stdout, flushed so that a pipe sees it at once."""
    typer.echo(json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))
