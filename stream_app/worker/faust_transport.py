"""Faust's way to Kafka with five of its habits changed; consumes and commits nothing itself.

- A record of a transaction that was given up is not consumed: its sender has taken it back.
- An offset that holds no record, such as the mark at a transaction's end, is passed over when the
  record behind it is acked. Faust counts that record into the gap as well, and its commits then
  fall behind by one transaction each time.
- No more is fetched while what is not acked has too many bytes. Faust counts records alone, of
  which thousands may wait, and a ticket may have some megabytes.
- A header's name may be any bytes. It would be an error at every start, for ever.
- The consumer's thread ends with the process. It waits for ever for a consumer group that takes no
  member, and the interpreter would wait for the thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, ClassVar

from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP, Message
from mode.threads import WorkerThread

from stream_app.header_names import take_any_header_name

MOST_UNACKED_BYTES = 16 * 1024 * 1024
"""Far more than ordinary tickets need: ten thousand of them have a few megabytes. Until it is acked
a record takes several times its size: as bytes, as a ticket, as an outcome, and on its way."""

_LOOK_AGAIN_S = 0.02


class _EndsWithTheProcess(WorkerThread):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.daemon = True


class _Thread(AIOKafkaConsumerThread):
    Worker = _EndsWithTheProcess

    def _create_worker_consumer(self, transport: Transport) -> AIOKafkaConsumer:
        take_any_header_name()
        consumer = super()._create_worker_consumer(transport)
        # Faust has a setting for it only where it writes in transactions of its own.
        consumer._isolation_level = "read_committed"
        return consumer


class _Consumer(Consumer):
    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109
        # Counted anew each time: what is dropped at a rebalance leaves this set by itself.
        while _bytes(self.unacked) > MOST_UNACKED_BYTES:  # noqa: ASYNC110 - no ack tells anybody
            await asyncio.sleep(_LOOK_AGAIN_S)
        async for partition_and_message in super().getmany(timeout):
            yield partition_and_message

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        # `offset_to` is that of the record behind the gap.
        await super()._add_gap(tp, offset_from, offset_to - 1)


def _bytes(messages: Iterable[Message]) -> int:
    return sum(len(message.value or b"") for message in messages)


class TicketTransport(Transport):
    """The transport of the worker's application."""

    Consumer: ClassVar = _Consumer
