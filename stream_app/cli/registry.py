"""`tickets registry`: hold an MLflow server in the foreground, for models and experiments."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from stream_app.cli.output import JsonFlag, err, out, print_json


def registry(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port for clients.")] = 5000,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            file_okay=False,
            help="Where models and runs are kept; else the user's data folder.",
            metavar="DIR",
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Start an MLflow server on SQLite, print its address, and wait.

    Ctrl-C or SIGTERM stops it; what it holds is kept.
    """
    from platformdirs import user_data_path

    from stream_app.errors import Unavailable
    from stream_app.registry.local_server import start_local_registry

    folder = data_dir or user_data_path("ticket-stream") / "mlflow"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with start_local_registry(folder=folder, port=port, on_progress=_tell) as running:
            if as_json:
                print_json({"uri": running.uri, "folder": str(running.folder)})
            else:
                out.print(running.uri, soft_wrap=True)
                _tell(f"for the other commands: export MLFLOW_TRACKING_URI={running.uri}")
                _tell("Ctrl-C stops it")
            running.wait()
        raise Unavailable(f"the MLflow server at {running.uri} ended by itself")
    except KeyboardInterrupt:
        _tell("stopped")


def _tell(line: str) -> None:
    # Square brackets in a path or a pip extra are text here, not markup.
    err.print(line, markup=False, soft_wrap=True)
