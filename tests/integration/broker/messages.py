"""Sends and reads records through aiokafka, as the product does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def send(servers: str, topic: str, values: Sequence[bytes]) -> None:
    """Send `values`, each confirmed by the broker, with an idempotent producer."""
    producer = AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, max_request_size=16 * 1024 * 1024
    )
    await producer.start()
    try:
        confirmations = [
            await producer.send(topic, value, headers=[("n", str(number).encode())])
            for number, value in enumerate(values)
        ]
        await asyncio.gather(*confirmations)
    finally:
        await producer.stop()


async def read_first(servers: str, topic: str, count: int) -> list[bytes]:
    """The values of the first `count` records of `topic`, sorted; 30 s at most."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=16 * 1024 * 1024,
    )
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            return sorted([(await consumer.getone()).value for _ in range(count)])
    finally:
        await consumer.stop()
