"""Decides what a look at the registry asks for; pure."""

from __future__ import annotations

from enum import Enum

from stream_app.hot_reload.quarantine import Quarantine
from stream_app.registry.version import RegisteredVersion


class Step(Enum):
    """What to do about the version that an alias points at."""

    KEEP = "keep"
    """Nothing: it serves already, is in quarantine, or there is none."""
    SWAP_BACK = "swap_back"
    """It is the one that served before and is still open."""
    PREPARE = "prepare"
    """It is new."""


def plan(
    seen: RegisteredVersion | None,
    *,
    current: str,
    previous: str | None,
    quarantine: Quarantine,
) -> Step:
    """The step for `seen`; `current` and `previous` are digests of the open models.

    An alias that points at nothing keeps the current model: taking a model away must not stop
    the tickets.
    """
    if seen is None or seen.digest == current or seen in quarantine:
        return Step.KEEP
    if seen.digest is not None and seen.digest == previous:
        return Step.SWAP_BACK
    return Step.PREPARE


def is_rollback(version: RegisteredVersion, current: int | None) -> bool:
    """Whether `version` comes back in the place of the `current` version number.

    As the command that moved the alias says. Where another tool did, an older version is taken for
    one that comes back.
    """
    if current is None:
        return False
    if version.champion_by is not None:
        return version.champion_by == "rollback"
    return version.number < current
