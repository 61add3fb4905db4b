"""Waits for a condition, so that no test sleeps for a time that somebody guessed."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0
"""Long, since a busy machine may need it; a test that passes never waits for its end."""


def wait_until(
    holds: Callable[[], bool],
    otherwise: str = "waited in vain",
    *,
    within_s: float = PATIENCE_S,
    every_s: float = 0.1,
) -> None:
    """Return once `holds()`; fail with `otherwise` after `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(every_s)


def holds_for(holds: Callable[[], bool], otherwise: str, *, seconds: float) -> None:
    """Return once `holds()` has been true for `seconds`; fail with `otherwise` when it is not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert holds(), otherwise
        time.sleep(0.1)
