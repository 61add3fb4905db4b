"""Looks up the partitions of topics that must exist; creates nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from stream_app.errors import Unavailable

Partition = tuple[str, int]
"""Topic and partition number."""


async def partitions_of(
    bootstrap_servers: str, security: Mapping[str, Any], topics: Collection[str]
) -> list[Partition]:
    """All partitions of `topics`.

    Raises `Unavailable` for a topic that does not exist, and `aiokafka.errors.KafkaError` where
    Kafka fails.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **security)
    try:
        await admin.start()
        # Listed first: a broker may create a topic that it is asked to describe.
        missing = set(topics) - set(await admin.list_topics())
        if missing:
            raise Unavailable(
                f"no topic {', '.join(sorted(missing))} at {bootstrap_servers}; "
                "`tickets worker` and `tickets produce` create those of the settings"
            )
        described = await admin.describe_topics(sorted(topics))
    finally:
        await admin.close()
    return [
        (topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]
