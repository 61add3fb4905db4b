"""How fast the demo's records flow: some are kept for the change of the model; pure."""

from __future__ import annotations

FOR_THE_CHANGE = 100
"""So many records at the end flow slowly until the second model serves."""

FOR_ITS_DELAY = 10
"""So many of those flow more slowly still."""

SLOW_INTERVAL_S = 0.5
SLOWEST_INTERVAL_S = 15.0
"""Together three minutes: enough for the second model on a busy machine."""


def interval_s(remaining: int, *, rate: float | None, waiting: bool) -> float:
    """Seconds between the record before and the next, when `remaining` are unsent, it among them.

    `rate` is in records a second, None as fast as it goes. `waiting` says that a second model is
    to come and does not serve yet.
    """
    usual = 1.0 / rate if rate is not None else 0.0
    if not waiting or remaining > FOR_THE_CHANGE:
        return usual
    return max(usual, SLOW_INTERVAL_S if remaining > FOR_ITS_DELAY else SLOWEST_INTERVAL_S)
