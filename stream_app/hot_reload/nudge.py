"""Makes every worker look at the registry at once; waits for none of them."""

from __future__ import annotations

from stream_app.broker import ensure_topics
from stream_app.kafka_client import aiokafka_options, bootstrap_servers
from stream_app.messages import OutgoingRecord
from stream_app.producer import open_producer
from stream_app.settings import Settings
from stream_app.topics import topic_specs


async def nudge(settings: Settings) -> None:
    """Write one record to the control topic, which is created where it is missing.

    Raises `UserError` where no Kafka is configured and `Unavailable` where none takes the record.
    """
    servers = bootstrap_servers(settings.kafka)
    security = aiokafka_options(settings.kafka)
    topic = settings.topics.model_control
    specs = [spec for spec in topic_specs(settings.topics) if spec.name == topic]
    await ensure_topics(servers, specs, kafka_security=security)
    async with open_producer(servers, security, client_id="ticket-nudge") as producer:
        await producer.publish([OutgoingRecord(topic, None, b"look", [])])
