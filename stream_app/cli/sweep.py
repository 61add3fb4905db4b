"""`tickets sweep`: hands over to `training.sweep_command`."""

from __future__ import annotations

import typer

from stream_app.cli.training_extra import hand_over


def sweep(context: typer.Context) -> None:
    """Search for a better recipe; the same command goes on where it stopped."""
    hand_over(context, "training.sweep_command", "tickets sweep")
