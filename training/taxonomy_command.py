"""The options of `tickets taxonomy`: a draft to edit for a data set of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.output import err, out
from stream_app.errors import UserError
from training.named_data import load_training_data
from training.taxonomy.choose import file_beside
from training.taxonomy.draft import draft

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)


@app.callback()
def _taxonomy() -> None:
    """Say which category owns each label, and how pressing it is."""


@app.command()
def init(
    data: Annotated[str, typer.Argument(help="The data set, as `tickets train --data` takes it.")],
    target: Annotated[
        Path | None,
        typer.Option("--out", help="The file; else the one beside the data.", metavar="FILE"),
    ] = None,
) -> None:
    """Write a draft that places every label of DATA alike, and never over another file."""
    dataset = load_training_data(data)
    path = target or file_beside(data)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(draft(dataset.name, dataset.intents))
    except FileExistsError as error:
        raise UserError(f"{path} is there already: edit it, or name another with --out") from error
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror}; name another with --out"
        ) from error
    err.print(f"{len(dataset.intents)} labels to place in", end=" ")
    out.print(str(path), soft_wrap=True, highlight=False)
