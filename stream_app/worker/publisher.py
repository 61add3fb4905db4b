"""The one producer of the worker: idempotent, and every delivery is awaited by its caller."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from stream_app.errors import Unavailable, UserError
from stream_app.messages import OutgoingRecord
from stream_app.topics import DEAD_LETTER_OVERHEAD_BYTES, MAX_RECORD_BYTES

LINGER_MS = 5
"""How long the producer waits to fill a request. A micro-batch is handed over at once, so a few
milliseconds gather it whole; measured in docs/performance.md."""


class Publisher:
    """Sends outgoing records and reports when the broker has them all."""

    def __init__(self, bootstrap_servers: str, security: dict[str, Any]) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            client_id="ticket-worker",
            enable_idempotence=True,
            acks="all",
            linger_ms=LINGER_MS,
            max_batch_size=256 * 1024,
            max_request_size=MAX_RECORD_BYTES + DEAD_LETTER_OVERHEAD_BYTES,
            **security,
        )

    async def start(self) -> None:
        """Connect. Raises `Unavailable` where no broker answers."""
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            raise Unavailable(f"Kafka: {error}") from error

    async def publish(self, records: Sequence[OutgoingRecord]) -> None:
        """Send `records` and return when the broker has confirmed every one.

        Raises `Unavailable` where a delivery failed; some of the others may have arrived, which
        is why nothing of the micro-batch may be acked then.
        """
        deliveries: list[asyncio.Future[Any]] = []
        try:
            for record in records:
                deliveries.append(  # noqa: PERF401 - a delivery made before a failure is awaited
                    await self._producer.send(
                        record.topic, value=record.value, key=record.key, headers=record.headers
                    )
                )
        except MessageSizeTooLargeError as error:
            raise UserError(f"an outcome is larger than the producer may send: {error}") from error
        except KafkaError as error:
            raise _undelivered(error) from error
        finally:
            results = await asyncio.gather(*deliveries, return_exceptions=True)
        _raise_first(results)

    async def stop(self) -> None:
        """Send what is queued and disconnect."""
        await self._producer.stop()


def _raise_first(results: Iterable[object]) -> None:
    for result in results:
        if isinstance(result, BaseException):
            raise _undelivered(result) from result


def _undelivered(error: BaseException) -> Unavailable:
    return Unavailable(f"Kafka did not confirm an outcome ({type(error).__name__}: {error})")
