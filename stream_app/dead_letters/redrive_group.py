"""Keeps which dead letters were redriven in a consumer group's commits; sends no records.

The group never joins: nothing is assigned by it, and only its committed offsets are used. So its
lag, as any Kafka tool shows it, is about what is left to redrive. The broker forgets a commit
`offsets.retention.minutes` (a week by default) after it was made; a dead-letter queue that is
kept for longer needs that setting raised with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from stream_app.broker.probe import check_answers
from stream_app.dead_letters.marks import Marks
from stream_app.errors import Unavailable
from stream_app.topic_reader import Partition, Span
from stream_app.topic_reader.reader import ANSWER_WITHIN_S

LOADED_WITHIN_S = 30.0
"""How long the group's commits may take, the making of their topic included. The client waits for
ever, also where the cluster has no place for them."""


class RedriveGroup:
    """The marks of one dead-letter topic in one consumer group.

    Two redrives at the same time overwrite each other's marks: run one at a time.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient, consumer_group: str
    ) -> None:
        self._consumer = consumer
        self._admin = admin
        self._group = consumer_group

    async def load(self, spans: Mapping[Partition, Span]) -> dict[Partition, Marks]:
        """The marks of every partition of `spans`.

        Raises `Unavailable` where Kafka refuses, or has no place for a group's commits.
        """
        positions = {partition: TopicPartition(*partition) for partition in spans}
        self._consumer.assign(list(positions.values()))
        # Only commits are wanted; an assigned partition would be fetched in the background.
        self._consumer.pause(*positions.values())
        try:
            async with asyncio.timeout(LOADED_WITHIN_S):
                # The first use of a cluster's groups makes their topic: this call waits for that.
                await self._consumer.committed(next(iter(positions.values())))
                # A mock cluster answers nothing at all for a group without commits.
                commits = await self._admin.list_consumer_group_offsets(self._group) or {}
        except KafkaError as error:
            raise Unavailable(f"Kafka, group {self._group}: {error}") from error
        except TimeoutError as error:
            raise Unavailable(
                f"Kafka gave no commits of the group {self._group} in {LOADED_WITHIN_S:g} s: check "
                "that the account may read the group, and that the cluster can hold its offsets "
                "(offsets.topic.replication.factor needs as many brokers)"
            ) from error
        marks = {}
        for partition, position in positions.items():
            commit = commits.get(position, OffsetAndMetadata(0, ""))
            marks[partition] = Marks.read(
                max(0, commit.offset),
                commit.metadata or "",
                beginning=spans[partition].beginning,
            )
        return marks

    async def save(self, marks: Mapping[Partition, Marks]) -> None:
        """Commit `marks`. Raises `Unavailable` where Kafka refuses; nothing is saved then."""
        commits = {
            TopicPartition(*partition): (found.committed, found.metadata)
            for partition, found in marks.items()
        }
        try:
            await self._consumer.commit(commits)
        except KafkaError as error:
            raise Unavailable(f"Kafka, group {self._group}: {error}") from error


@asynccontextmanager
async def open_redrive_group(
    bootstrap_servers: str, security: Mapping[str, Any], consumer_group: str
) -> AsyncIterator[RedriveGroup]:
    """The group that remembers for the workers of `consumer_group`: `<consumer_group>-redrive`.

    Raises `Unavailable` where no broker answers.
    """
    await asyncio.to_thread(
        check_answers, bootstrap_servers, timeout_s=ANSWER_WITHIN_S, kafka_security=security
    )
    group = f"{consumer_group}-redrive"
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        group_id=group,
        enable_auto_commit=False,
        **security,
    )
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **security)
    try:
        await consumer.start()
        await admin.start()
        yield RedriveGroup(consumer, admin, group)
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap_servers}: {error}") from error
    finally:
        await admin.close()
        await consumer.stop()
