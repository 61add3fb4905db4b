"""Faust's way to Kafka with three of its habits changed; consumes and commits nothing itself.

- A record of a transaction that was given up is not consumed: its sender has taken it back.
- An offset that holds no record, such as the mark at a transaction's end, is passed over when the
  record behind it is acked. Faust counts that record into the gap as well, and its commits then
  fall behind by one transaction each time.
- The consumer's thread ends with the process. It waits for ever for a consumer group that takes no
  member, and the interpreter would wait for the thread.
"""

from __future__ import annotations

from typing import Any, ClassVar

from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP
from mode.threads import WorkerThread


class _EndsWithTheProcess(WorkerThread):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.daemon = True


class _Thread(AIOKafkaConsumerThread):
    Worker = _EndsWithTheProcess

    def _create_worker_consumer(self, transport: Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust has a setting for it only where it writes in transactions of its own.
        consumer._isolation_level = "read_committed"
        return consumer


class _Consumer(Consumer):
    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        # `offset_to` is that of the record behind the gap.
        await super()._add_gap(tp, offset_from, offset_to - 1)


class TicketTransport(Transport):
    """The transport of the worker's application."""

    Consumer: ClassVar = _Consumer
