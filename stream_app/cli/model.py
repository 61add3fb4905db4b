"""`tickets model`: hands over to `training.model_command`, then tells the workers of a move."""

from __future__ import annotations

import asyncio
import os
from importlib import import_module
from importlib.util import find_spec

import typer

from stream_app.cli.output import err
from stream_app.errors import Unavailable, UserError
from stream_app.settings import Settings


def model(context: typer.Context) -> None:
    """List, judge, promote and roll back the versions of the model in the registry."""
    if find_spec("training") is None:
        raise Unavailable(
            "the package training is not installed: "
            "pip install '.[training]' in a checkout of ticket-stream"
        )
    # Looked up at run time: nothing in `stream_app` depends on `training`.
    command = import_module("training.model_command")
    # Not standalone, so that a wrong option reaches the outer command, which words the error.
    moved = command.app(
        args=context.args,
        prog_name="tickets model",
        standalone_mode=False,
        help_option_names=context.help_option_names,
    )
    if isinstance(moved, Settings):
        _nudge_workers(moved)


def _nudge_workers(settings: Settings) -> None:
    if not (settings.kafka.bootstrap_servers or os.environ.get("KAFKA_BOOTSTRAP_SERVERS")):
        return
    from stream_app.hot_reload.nudge import nudge

    try:
        asyncio.run(nudge(settings))
    except UserError as error:
        # The alias has moved: workers see it at their next look, only later.
        err.print(
            f"warning: the workers were not told and will look by themselves within "
            f"{settings.registry.poll_s:g} s: {error.message}",
            markup=False,
            soft_wrap=True,
        )
