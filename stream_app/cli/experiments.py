"""`tickets experiments`: hands over to `training.experiments_command`."""

from __future__ import annotations

import typer

from stream_app.cli.training_extra import hand_over


def experiments(context: typer.Context) -> None:
    """List sweeps and recorded trainings, and show the best with the command that repeats it."""
    hand_over(context, "training.experiments_command", "tickets experiments")
