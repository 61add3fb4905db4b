"""`tickets taxonomy`: hands over to `training.taxonomy_command`."""

from __future__ import annotations

import typer

from stream_app.cli.training_extra import hand_over


def taxonomy(context: typer.Context) -> None:
    """Draft which category owns each label of a data set."""
    hand_over(context, "training.taxonomy_command", "tickets taxonomy")
