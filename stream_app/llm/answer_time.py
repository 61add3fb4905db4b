"""How long the server takes for an answer, learned from the questions that it was asked."""

from __future__ import annotations

_WEIGHT = 0.2
"""Of the latest question: a server that becomes slower is known as such after a few."""


class AnswerTime:
    """An exponential moving average in seconds, that never exceeds `most_s`.

    The bound keeps a question that comes when nothing waits worth its request, however slow the
    server was: else nothing would be asked ever again, and nothing learned.
    """

    def __init__(self, most_s: float) -> None:
        self._most_s = most_s
        self._average_s = 0.0

    @property
    def expected_s(self) -> float:
        """Seconds that an answer takes; 0 before the first."""
        return self._average_s

    def took(self, seconds: float) -> None:
        """An answer came after this long."""
        weight = _WEIGHT if self._average_s else 1.0
        moved = self._average_s + weight * (seconds - self._average_s)
        self._average_s = min(moved, self._most_s)

    def not_within(self, seconds: float) -> None:
        """None came in this long."""
        if seconds > self._average_s:
            self.took(seconds)
