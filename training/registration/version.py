"""A version of a registered model as people see it; holds no connection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One version.

    `digest`, `bundle` and `gate` are its tags, see `stream_app.registry.layout`; empty where
    another tool made the version. `forced_because` is the reason given for a promotion against
    the gate.
    """

    number: int
    bundle: str
    digest: str
    gate: str
    forced_because: str | None
    aliases: tuple[str, ...]
    created_at: datetime
    run_id: str
    source: str
