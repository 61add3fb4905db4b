"""Measures consumer lag from the broker's own figures: end offsets less committed offsets."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from prometheus_client import Gauge

log = logging.getLogger(__name__)

REFRESH_S = 5.0


class LagMeter:
    """Keeps the lag gauge of one topic and consumer group fresh; belongs to no group itself."""

    def __init__(
        self,
        bootstrap_servers: str,
        security: dict[str, Any],
        *,
        topic: str,
        consumer_group: str,
        gauge: Gauge,
    ) -> None:
        self._connection = {"bootstrap_servers": bootstrap_servers, **security}
        self._topic = topic
        self._group = consumer_group
        self._gauge = gauge

    async def run(self) -> None:
        """Refresh every `REFRESH_S` seconds until cancelled; an outage only leaves it stale.

        A worker does its work without this metric, so no failure in here ends it.
        """
        while True:
            try:
                await self._measure()
            except Exception as error:
                log.warning("consumer lag not measured: %s", type(error).__name__)
            await asyncio.sleep(REFRESH_S)

    async def _measure(self) -> None:
        """Refresh with one connection. Raises whatever ends it."""
        consumer = AIOKafkaConsumer(**self._connection)
        admin = AIOKafkaAdminClient(**self._connection)
        try:
            await consumer.start()
            await admin.start()
            while True:
                try:
                    await self._refresh(consumer, admin)
                except GroupCoordinatorNotAvailableError:
                    log.debug("no consumer lag yet: a new cluster gets its coordinator later")
                await asyncio.sleep(REFRESH_S)
        finally:
            await consumer.stop()
            await admin.close()

    async def _refresh(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        (described,) = await admin.describe_topics([self._topic])
        numbers = sorted(partition["partition"] for partition in described["partitions"])
        positions = [TopicPartition(self._topic, number) for number in numbers]
        ends = await consumer.end_offsets(positions)
        beginnings = await consumer.beginning_offsets(positions)
        # A mock cluster answers nothing at all for a group without commits.
        committed = await admin.list_consumer_group_offsets(self._group) or {}
        for position in positions:
            found = committed.get(position)
            # A partition without a commit is read from its beginning, as the worker does.
            start = found.offset if found and found.offset >= 0 else beginnings[position]
            self._gauge.labels(position.topic, str(position.partition)).set(
                max(0, ends[position] - start)
            )
