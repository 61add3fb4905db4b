"""Hands records over in bulk and keeps count of what the broker has confirmed; retries nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from stream_app.errors import Unavailable
from stream_app.messages import OutgoingRecord
from stream_app.producer import CONFIRMED_WITHIN_S, RecordProducer, open_producer, undelivered

MAX_UNCONFIRMED = 10_000
"""Records in flight. The client bounds their bytes by itself: one open batch a partition."""


class Sender:
    """Hands records to the broker and counts confirmations.

    The first delivery that fails is kept, and `send` and `flush` raise it from then on: nothing
    after it is sent, and `confirmed` stays true.
    """

    def __init__(self, producer: RecordProducer) -> None:
        self._producer = producer
        self._unconfirmed = 0
        self._settled = asyncio.Event()
        self._failure: BaseException | None = None
        self.confirmed = 0
        """Records that the broker has confirmed."""

    async def send(self, record: OutgoingRecord) -> None:
        """Queue one record; waits while `MAX_UNCONFIRMED` are in flight.

        Raises `UserError` for a record that is larger than the producer may send, and
        `Unavailable` where a delivery failed.
        """
        await self._wait_until_at_most(MAX_UNCONFIRMED - 1)
        delivery = await self._producer.hand_over(record)
        self._unconfirmed += 1
        delivery.add_done_callback(self._settle)

    async def flush(self) -> None:
        """Return when every queued record is confirmed. Raises `Unavailable` where one failed."""
        await self._wait_until_at_most(0)

    async def _wait_until_at_most(self, unconfirmed: int) -> None:
        while self._unconfirmed > unconfirmed and self._failure is None:
            self._settled.clear()
            try:
                await asyncio.wait_for(self._settled.wait(), CONFIRMED_WITHIN_S)
            except TimeoutError as error:
                raise Unavailable(
                    f"Kafka confirmed nothing for {CONFIRMED_WITHIN_S:g} s"
                ) from error
        if self._failure is not None:
            raise undelivered(self._failure) from self._failure

    def _settle(self, delivery: asyncio.Future[Any]) -> None:
        self._unconfirmed -= 1
        error = asyncio.CancelledError() if delivery.cancelled() else delivery.exception()
        if error is None:
            self.confirmed += 1
        elif self._failure is None:
            self._failure = error
        self._settled.set()


@asynccontextmanager
async def open_sender(
    bootstrap_servers: str, security: Mapping[str, Any], *, client_id: str
) -> AsyncIterator[Sender]:
    """A connected sender. Raises `Unavailable` where no broker answers."""
    async with open_producer(bootstrap_servers, security, client_id=client_id) as producer:
        yield Sender(producer)
