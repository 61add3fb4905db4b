"""Topics, consumer group and connection of one run, apart from everybody else's; sends nothing."""

from __future__ import annotations

import contextlib
import uuid
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from stream_app.broker import Broker
from stream_app.kafka_client import aiokafka_options, bootstrap_servers
from stream_app.settings import Settings, TopicSettings, load_settings
from stream_app.topics import topic_specs


def isolated_settings(broker: Broker, purpose: str) -> Settings:
    """The person's own settings, moved to `broker`, a group and, where needed, topics of our own.

    A broker that was started for the run holds nothing else, so the usual topic names are used.
    On any other they get a prefix that starts with `purpose` and that no other run has.
    """
    run = f"{purpose}-{uuid.uuid4().hex[:8]}"
    kafka: dict[str, Any] = {"bootstrap_servers": broker.bootstrap_servers}
    topics: dict[str, Any] = {}
    if broker.kind == "external":
        topics = {name: f"{run}.{topic}" for name, topic in _default_names().items()}
    else:
        kafka["security_protocol"] = "PLAINTEXT"
    return load_settings(None, kafka=kafka, topics=topics, worker={"consumer_group": run})


def worker_environment(settings: Settings) -> dict[str, str]:
    """What puts a worker into the same scene, whatever else its environment says."""
    topics = {
        f"TICKETS_TOPICS_{name.upper()}": str(value)
        for name, value in settings.topics.model_dump().items()
    }
    return {
        **topics,
        "TICKETS_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers(settings.kafka),
        "TICKETS_KAFKA_SECURITY_PROTOCOL": settings.kafka.security_protocol,
        "TICKETS_WORKER_CONSUMER_GROUP": settings.worker.consumer_group,
    }


async def remove_topics(settings: Settings) -> None:
    """Delete the run's topics; a cluster that does not allow it keeps them."""
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap_servers(settings.kafka), **aiokafka_options(settings.kafka)
    )
    with contextlib.suppress(KafkaError, OSError):
        try:
            await admin.start()
            topics = settings.topics
            await admin.delete_topics([spec.name for spec in topic_specs(topics)])
        finally:
            await admin.close()


def _default_names() -> dict[str, str]:
    return {
        name: value
        for name, value in TopicSettings().model_dump().items()
        if isinstance(value, str)
    }
