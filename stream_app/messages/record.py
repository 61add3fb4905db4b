"""A consumed record as plain bytes, free of any client library."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the raw topic. `timestamp` is in milliseconds since 1970."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]

    @property
    def event_id(self) -> str:
        """The id of every outcome of this record; a redelivery gives the same one."""
        return f"{self.topic}:{self.partition}:{self.offset}"
