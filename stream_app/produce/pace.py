"""When the next record is due at a given rate; sleeps nowhere and reads no clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Spreads records evenly: record `n` (from 0) is due `n / rate` seconds after the start.

    Counting from the start keeps the average exact: a late record does not delay the later ones.
    """

    rate: float
    """Records a second."""

    def wait_s(self, sent: int, elapsed_s: float) -> float:
        """Seconds until the record after `sent` others is due; 0 where it is late."""
        return max(0.0, sent / self.rate - elapsed_s)
