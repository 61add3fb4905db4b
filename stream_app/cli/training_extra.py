"""Hands a subcommand over to `training`, which a worker's install does not have."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import typer

from stream_app.errors import Unavailable

REQUIRED_PACKAGES = ("training", "torch", "transformers", "onnx")
"""What the extra `training` installs and a training cannot do without."""


def hand_over(context: typer.Context, module: str, command: str) -> None:
    """Run `app` of the module with the arguments that `context` was left with.

    `command` is how the person called it. Raises `Unavailable` where the extra is not installed.
    """
    if missing := [name for name in REQUIRED_PACKAGES if find_spec(name) is None]:
        raise Unavailable(
            f"training is not installed (no {', '.join(missing)}): "
            "pip install '.[training]' in a checkout of ticket-stream"
        )
    # Looked up at run time: nothing in `stream_app` depends on `training`.
    app = import_module(module).app
    # Not standalone, so that a wrong option reaches the outer command, which words the error.
    code = app(
        args=context.args,
        prog_name=command,
        standalone_mode=False,
        help_option_names=context.help_option_names,
    )
    if isinstance(code, int) and code:
        raise typer.Exit(code)
