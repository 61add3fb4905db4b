"""A version of the registered model as the worker needs it; holds no connection."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class RegisteredVersion(BaseModel):
    """One version of the registered model.

    `number` is MLflow's version number. `digest` is the bundle's as the version's tag gives it,
    `sha256:<hex>`; None where it has no such tag. `source` is where its artifacts lie, None
    for a version without any.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    digest: str | None
    source: str | None
