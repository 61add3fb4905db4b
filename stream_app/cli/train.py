"""`tickets train`: hands over to `training.command`, which a worker's install does not have."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import typer

from stream_app.errors import Unavailable

REQUIRED_PACKAGES = ("training", "torch", "transformers", "onnx")
"""What `ticket-stream[training]` installs and a training cannot do without."""


def train(context: typer.Context) -> None:
    """Train a model bundle from labelled tickets and check it."""
    if missing := [name for name in REQUIRED_PACKAGES if find_spec(name) is None]:
        raise Unavailable(
            f"training is not installed (no {', '.join(missing)}): "
            "pip install 'ticket-stream[training]'"
        )
    # Looked up at run time: nothing in `stream_app` depends on `training`.
    command = import_module("training.command")
    # Not standalone, so that a wrong option reaches the outer command, which words the error.
    command.app(args=context.args, prog_name="tickets train", standalone_mode=False)
