"""The circuit breaker: after failures in a row nobody asks for a while, then one tries; pure.

Takes the time as an argument, in seconds of any clock that never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """Whether questions may be asked."""

    CLOSED = "closed"
    """All of them."""
    OPEN = "open"
    """None."""
    HALF_OPEN = "half_open"
    """One, to try the server."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Leave to ask one question. Ends with exactly one of the breaker's three reports."""

    era: int


class Breaker:
    """Counts failures in a row; owned by one layer, not safe for threads."""

    def __init__(self, failures: int, pause_s: float) -> None:
        self._most_failures = failures
        self._pause_s = pause_s
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False
        # Goes up with each opening and closing: what was admitted before says nothing of now.
        self._era = 0

    def state(self, now: float) -> BreakerState:
        """The state at `now`."""
        if self._opened_at is None:
            return BreakerState.CLOSED
        if now - self._opened_at < self._pause_s:
            return BreakerState.OPEN
        return BreakerState.HALF_OPEN

    def suspended(self, now: float) -> bool:
        """Whether `enter` would refuse."""
        state = self.state(now)
        return state is BreakerState.OPEN or (state is BreakerState.HALF_OPEN and self._trying)

    def enter(self, now: float) -> Admission | None:
        """Leave to ask, None while suspended."""
        if self.suspended(now):
            return None
        self._trying = self.state(now) is BreakerState.HALF_OPEN
        return Admission(self._era)

    def succeeded(self, admission: Admission) -> None:
        """The server answered."""
        if admission.era != self._era:
            return
        self._failures = 0
        self._trying = False
        if self._opened_at is not None:
            self._opened_at = None
            self._era += 1

    def failed(self, admission: Admission, now: float) -> None:
        """The server did not answer."""
        if admission.era != self._era:
            return
        self._failures += 1
        self._trying = False
        if self._opened_at is not None or self._failures >= self._most_failures:
            self._opened_at = now
            self._failures = 0
            self._era += 1

    def left(self, admission: Admission) -> None:
        """The question ended without saying anything of the server, by cancellation for one."""
        if admission.era == self._era:
            self._trying = False
