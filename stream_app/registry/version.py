"""A version of the registered model as the worker needs it; holds no connection."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from stream_app.registry.layout import Move


class RegisteredVersion(BaseModel):
    """One version of the registered model.

    `number` is MLflow's version number. `digest` is the bundle's as the version's tag gives it,
    `sha256:<hex>`; None where it has no such tag. `source` is where its artifacts lie, None
    for a version without any. `champion_by` is how our commands made it the champion last; None
    where they never did.
    """

    model_config = ConfigDict(frozen=True)

    number: int
    digest: str | None
    source: str | None
    champion_by: Move | None = None
