"""An idempotent producer that keeps count of what the broker has confirmed; retries nothing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from stream_app.errors import Unavailable, UserError
from stream_app.messages import OutgoingRecord
from stream_app.topics import DEAD_LETTER_OVERHEAD_BYTES, MAX_RECORD_BYTES

MAX_UNCONFIRMED = 10_000
"""Records in flight. The client bounds their bytes by itself: one open batch a partition."""

CONFIRMED_WITHIN_S = 40.0
"""Longest time without any confirmation. An idempotent aiokafka producer retries for ever, so the
end of patience is ours; a broker that restarts is back well before."""

STOPPED_WITHIN_S = 5.0
LINGER_MS = 5
MAX_BATCH_BYTES = 256 * 1024


class Sender:
    """Hands records to the broker and counts confirmations.

    The first delivery that fails is kept, and `send` and `flush` raise it from then on: nothing
    after it is sent, and `confirmed` stays true.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._unconfirmed = 0
        self._settled = asyncio.Event()
        self._failure: BaseException | None = None
        self._turn = itertools.count()
        self.confirmed = 0
        """Records that the broker has confirmed."""

    async def send(self, record: OutgoingRecord) -> None:
        """Queue one record; waits while `MAX_UNCONFIRMED` are in flight.

        Raises `UserError` for a record that is larger than the producer may send, and
        `Unavailable` where a delivery failed.
        """
        await self._wait_until_at_most(MAX_UNCONFIRMED - 1)
        try:
            delivery = await self._hand_over(record)
        except MessageSizeTooLargeError as error:
            raise UserError(f"a record is larger than the producer may send: {error}") from error
        except KafkaError as error:
            raise _undelivered(error) from error
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
            raise _undelivered(self._failure) from self._failure

    async def _hand_over(self, record: OutgoingRecord) -> asyncio.Future[Any]:
        if record.key is None and record.value is None:
            return await self._hand_over_empty(record)
        delivery: asyncio.Future[Any] = await self._producer.send(
            record.topic, value=record.value, key=record.key, headers=record.headers
        )
        return delivery

    async def _hand_over_empty(self, record: OutgoingRecord) -> asyncio.Future[Any]:
        """The client's `send` refuses a record without key and value, which Kafka allows."""
        partitions = sorted(await self._producer.partitions_for(record.topic))
        batch = self._producer.create_batch()
        batch.append(key=None, value=None, timestamp=None, headers=record.headers)
        delivery: asyncio.Future[Any] = await self._producer.send_batch(
            batch, record.topic, partition=partitions[next(self._turn) % len(partitions)]
        )
        return delivery

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
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        linger_ms=LINGER_MS,
        max_batch_size=MAX_BATCH_BYTES,
        request_timeout_ms=int(CONFIRMED_WITHIN_S * 1000),
        max_request_size=MAX_RECORD_BYTES + DEAD_LETTER_OVERHEAD_BYTES,
        **security,
    )
    try:
        await producer.start()
        yield Sender(producer)
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap_servers}: {error}") from error
    finally:
        # Without a broker the client waits for ever to deliver what is queued.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), STOPPED_WITHIN_S)


def _undelivered(error: BaseException) -> Unavailable:
    return Unavailable(f"Kafka did not confirm a record ({type(error).__name__}: {error})")
