"""Where a training is recorded and its bundle registered; connects to nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tracking:
    """An MLflow server, and the registered model that trainings there are for.

    `record` asks for a run; `must` says that a training must not begin without one.
    """

    uri: str
    model: str
    record: bool
    must: bool
