"""Creates the topics that are missing on a broker; never changes or deletes one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from stream_app.errors import Unavailable

LEADERS_WITHIN_S = 30.0
BROKER_DEFAULT = -1
MOCK_CLUSTER_ID = "mockCluster"
"""How the id of a librdkafka mock cluster begins. It makes a topic when one is described."""


@dataclass(frozen=True)
class TopicSpec:
    """A topic as it is to be created.

    `replication_factor` -1 takes the broker's default; `configs` are Kafka's topic settings.
    """

    name: str
    partitions: int
    replication_factor: int = 1
    configs: Mapping[str, str] = field(default_factory=dict)


async def ensure_topics(
    bootstrap_servers: str,
    topics: Sequence[TopicSpec],
    *,
    kafka_security: Mapping[str, Any] = {},
) -> list[str]:
    """Create the topics that do not exist yet and wait until each partition has a leader.

    An existing topic is left as it is, also where it differs from its spec. librdkafka's mock
    cluster cannot create topics on request: there each is made by asking for it, with the
    mock's own number of partitions.

    Returns the names of the topics created, in the order given.

    Raises `Unavailable` where the broker does not answer or refuses a topic, or where a
    partition has no leader after 30 s.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **kafka_security)
    try:
        await admin.start()
        existing = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        if not missing:
            return []
        created = await _create(admin, missing)
        await _wait_for_leaders(admin, [topic.name for topic in missing])
    except (KafkaError, OSError) as error:
        raise Unavailable(
            f"topics cannot be created at {bootstrap_servers}: {error or type(error).__name__}"
        ) from error
    finally:
        await admin.close()
    return created


async def _create(admin: AIOKafkaAdminClient, missing: Sequence[TopicSpec]) -> list[str]:
    cluster = await admin.describe_cluster()
    if (cluster["cluster_id"] or "").startswith(MOCK_CLUSTER_ID):
        await admin.describe_topics([topic.name for topic in missing])
        return [topic.name for topic in missing]
    if cluster["controller_id"] not in {broker["node_id"] for broker in cluster["brokers"]}:
        raise Unavailable("topics cannot be created: the cluster has no controller; try again")
    response = await admin.create_topics([_new_topic(topic) for topic in missing])
    created = []
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if code == 0:
            created.append(name)
        elif error is not TopicAlreadyExistsError:  # another process may have been faster
            detail = message[0] if message and message[0] else error.__name__
            raise Unavailable(f"the broker refuses to create topic {name}: {detail}")
    return created


def _new_topic(topic: TopicSpec) -> NewTopic:
    return NewTopic(
        topic.name,
        topic.partitions,
        topic.replication_factor,
        # The client takes -1 only with an assignment; an empty one leaves it to the broker.
        replica_assignments={} if topic.replication_factor == BROKER_DEFAULT else None,
        topic_configs=dict(topic.configs),
    )


async def _wait_for_leaders(admin: AIOKafkaAdminClient, names: Sequence[str]) -> None:
    try:
        async with asyncio.timeout(LEADERS_WITHIN_S):
            while leaderless := _leaderless(await admin.describe_topics(list(names))):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise Unavailable(
            f"no leader after {LEADERS_WITHIN_S:g} s for {', '.join(leaderless)}: "
            "look at the broker's log"
        ) from error


def _leaderless(described: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        topic["topic"]
        for topic in described
        if topic["error_code"] != 0
        or not topic["partitions"]
        or any(partition["leader"] < 0 for partition in topic["partitions"])
    ]
