"""`tickets train`: hands over to `training.command`."""

from __future__ import annotations

import typer

from stream_app.cli.training_extra import hand_over


def train(context: typer.Context) -> None:
    """Train a model bundle from labelled tickets and check it."""
    hand_over(context, "training.command", "tickets train")
