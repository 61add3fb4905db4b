"""Records with header names that are no UTF-8, which no client library would send."""

from __future__ import annotations

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

NAME = b"caf\xe9"
AS_READ = "caf\\xe9"
UNCOMPRESSED, GZIP = 0, 1


class _AnyBytes(str):
    """Its encoding is `NAME`; only the client's encoder in Python asks."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return NAME


def batch_of(values: list[bytes], *, compression: int = UNCOMPRESSED) -> bytes:
    """A batch as on the wire: `NAME` is a header of all records but the first and the last."""
    builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, 0, 1_000_000)
    for number, value in enumerate(values):
        odd = number not in (0, len(values) - 1)
        headers = [("plain", b"1"), *([(_AnyBytes(), b"2"), ("after", None)] if odd else [])]
        builder.append(number, None, b"k%d" % number, value, headers)
    return bytes(builder.build())


def send_batch(bootstrap_servers: str, topic: str, values: list[bytes]) -> None:
    """Send `batch_of(values)` to partition 0 of `topic`."""

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers) as producer:
            batch = producer.create_batch()
            batch._buffer = batch_of(values)
            batch._relative_offset = len(values)
            await (await producer.send_batch(batch, topic, partition=0))

    asyncio.run(send())
