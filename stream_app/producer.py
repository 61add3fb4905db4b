"""The product's one way to hand records to Kafka: idempotent, each delivery a future to await.

Owns the client's tuning and its quirks; counts nothing and retries nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from stream_app.errors import Unavailable, UserError
from stream_app.messages import OutgoingRecord
from stream_app.topics import DEAD_LETTER_OVERHEAD_BYTES, MAX_RECORD_BYTES

CONFIRMED_WITHIN_S = 40.0
"""Longest time without a confirmation. An idempotent aiokafka producer retries for ever, so the
end of patience is ours; a broker that restarts is back well before."""

STOPPED_WITHIN_S = 5.0

LINGER_MS = 5
"""How long the client waits to fill a request. A micro-batch is handed over at once, so a few
milliseconds gather it whole."""

MAX_BATCH_BYTES = 256 * 1024

MOST_UNCOMPRESSED_BYTES = 1024**3
"""Of a record that is sent compressed: what of it the broker takes, the broker says."""

OpenClient = Callable[[], Awaitable[AIOKafkaProducer]]


class RecordProducer:
    """Hands records over; the broker's answer is in the future that each call returns.

    A record that is too large to be sent as it is goes through a second client, which compresses
    and is opened by `open_compressing` when first needed: a broker's limit is for what arrives
    there, so that a sender who compresses can bring larger records than this one's limit.
    """

    def __init__(self, client: AIOKafkaProducer, open_compressing: OpenClient) -> None:
        self._client = client
        self._open_compressing = open_compressing
        self._compressing: AIOKafkaProducer | None = None
        self._turn = itertools.count()

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Send `records`; return once the broker has confirmed all of them.

        Raises `Unavailable` where a delivery failed or was not confirmed in time. Some of the
        others may have arrived, so that nothing may be acked then that they are outcomes of.
        """
        try:
            async with asyncio.timeout(CONFIRMED_WITHIN_S):
                deliveries = [await self.hand_over(record) for record in records]
                results = await asyncio.gather(*deliveries, return_exceptions=True)
        except TimeoutError as error:
            raise Unavailable(
                f"Kafka did not confirm {len(records)} outcomes in {CONFIRMED_WITHIN_S:g} s"
            ) from error
        for result in results:
            if isinstance(result, BaseException):
                raise undelivered(result) from result

    async def hand_over(self, record: OutgoingRecord) -> asyncio.Future[RecordMetadata]:
        """Queue one record; waits while the client's open batch of its partition is full.

        Raises `UserError` for a record that is larger than the producer may send compressed, and
        `Unavailable` where the client cannot take it.
        """
        try:
            if record.key is None and record.value is None:
                return await self._hand_over_empty(record)
            try:
                return await _send(self._client, record)
            except MessageSizeTooLargeError:
                if self._compressing is None:
                    self._compressing = await self._open_compressing()
                return await _send(self._compressing, record)
        except MessageSizeTooLargeError as error:
            raise UserError(f"a record is larger than the producer may send: {error}") from error
        except KafkaError as error:
            raise undelivered(error) from error

    async def _hand_over_empty(self, record: OutgoingRecord) -> asyncio.Future[RecordMetadata]:
        """The client's `send` refuses a record without key and value, which Kafka allows."""
        partitions = sorted(await self._client.partitions_for(record.topic))
        batch = self._client.create_batch()
        batch.append(key=None, value=None, timestamp=None, headers=record.headers)
        delivery: asyncio.Future[RecordMetadata] = await self._client.send_batch(
            batch, record.topic, partition=partitions[next(self._turn) % len(partitions)]
        )
        return delivery


async def _send(client: AIOKafkaProducer, record: OutgoingRecord) -> asyncio.Future[RecordMetadata]:
    delivery: asyncio.Future[RecordMetadata] = await client.send(
        record.topic, value=record.value, key=record.key, headers=record.headers
    )
    return delivery


@asynccontextmanager
async def open_producer(
    bootstrap_servers: str, security: Mapping[str, Any], *, client_id: str
) -> AsyncIterator[RecordProducer]:
    """A connected producer. Raises `Unavailable` where no broker answers."""
    opened: list[AIOKafkaProducer] = []

    async def open_client(**limits: Any) -> AIOKafkaProducer:
        client = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            client_id=client_id,
            enable_idempotence=True,
            acks="all",
            linger_ms=LINGER_MS,
            max_batch_size=MAX_BATCH_BYTES,
            request_timeout_ms=int(CONFIRMED_WITHIN_S * 1000),
            **limits,
            **security,
        )
        opened.append(client)
        # It asks for its id until it has one, also where the account may not write.
        async with asyncio.timeout(CONFIRMED_WITHIN_S):
            await client.start()
        return client

    try:
        client = await open_client(max_request_size=MAX_RECORD_BYTES + DEAD_LETTER_OVERHEAD_BYTES)
        yield RecordProducer(
            client,
            partial(open_client, max_request_size=MOST_UNCOMPRESSED_BYTES, compression_type="gzip"),
        )
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap_servers}: {error}") from error
    except TimeoutError as error:
        raise Unavailable(
            f"Kafka at {bootstrap_servers} gave a producer no id in {CONFIRMED_WITHIN_S:g} s: "
            "check that the account may write idempotently"
        ) from error
    finally:
        for client in opened:
            # Without a broker the client waits for ever to deliver what is queued.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(client.stop(), STOPPED_WITHIN_S)


def undelivered(error: BaseException) -> Unavailable:
    """The error for a delivery that the broker did not confirm."""
    return Unavailable(f"Kafka did not confirm a record ({type(error).__name__}: {error})")
