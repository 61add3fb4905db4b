"""Counts dead letters in a row, so that a broken sender or worker cannot drain the topic."""

from __future__ import annotations

from stream_app.errors import UserError


class DeadLetterRun:
    """The length of the current run of refused records, in the order of consumption."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._length = 0

    def accepted(self) -> None:
        """A good record ends the run."""
        self._length = 0

    def refused(self, reason: str) -> None:
        """Count one refused record.

        Raises `UserError` once the run is longer than the limit. `reason` is the last refusal.
        """
        self._length += 1
        if self._length > self._limit:
            raise UserError(
                f"{self._length} records in a row are no raw tickets (the last: {reason}); "
                "stopped before more of them go to the dead-letter queue: the latest are not acked "
                "and come again at the next start. Look at what is sent to the raw topic; to let "
                "them all go there raise TICKETS_WORKER_DEAD_LETTERS_IN_A_ROW",
                exit_code=4,
            )
