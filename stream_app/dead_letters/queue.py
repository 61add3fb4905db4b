"""Reads the dead-letter queue as it stands; changes nothing in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from stream_app.dead_letters.letter import Letter, read_letter
from stream_app.topic_reader import Partition, Span, TopicReader, open_reader


class DeadLetterQueue:
    """The letters of one reading, in order within each partition.

    Records without our error headers are passed over and counted in `foreign`.
    """

    def __init__(self, reader: TopicReader) -> None:
        self._reader = reader
        self.foreign = 0

    @property
    def spans(self) -> Mapping[Partition, Span]:
        """What each partition held when the reading began."""
        return self._reader.spans

    async def __aiter__(self) -> AsyncIterator[Letter]:
        async for record in self._reader:
            letter = read_letter(record)
            if letter is None:
                self.foreign += 1
            else:
                yield letter


@asynccontextmanager
async def open_dead_letters(
    bootstrap_servers: str,
    security: Mapping[str, Any],
    topic: str,
    *,
    start: Literal["beginning"] | Mapping[Partition, int] = "beginning",
) -> AsyncIterator[DeadLetterQueue]:
    """The queue from `start` to its end as of now. Raises as `topic_reader.open_reader` does."""
    async with open_reader(
        bootstrap_servers, security, [topic], start=start, follow=False
    ) as reader:
        yield DeadLetterQueue(reader)
