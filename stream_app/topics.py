"""The topics of the product and how they are laid out; creates nothing itself."""

from __future__ import annotations

from schemas import Queue
from stream_app.broker import TopicSpec
from stream_app.settings import TopicSettings

MAX_RECORD_BYTES = 8 * 1024 * 1024
"""Largest accepted raw record. Above any real ticket, so that an oversized one can reach the
dead-letter queue instead of being refused at the sender without a trace."""

DEAD_LETTER_OVERHEAD_BYTES = 64 * 1024
"""Room for the error headers that a dead letter carries beside the original record."""


def queue_topic(topics: TopicSettings, queue: Queue) -> str:
    """The topic of a queue."""
    return {
        Queue.PRIORITY: topics.priority,
        Queue.TOXIC: topics.toxic,
        Queue.REVIEW: topics.review,
        Queue.STANDARD: topics.standard,
    }[queue]


def topic_specs(topics: TopicSettings | None = None) -> list[TopicSpec]:
    """All topics; without `topics` those of the default settings."""
    topics = topics or TopicSettings()
    raw_limit = {"max.message.bytes": str(MAX_RECORD_BYTES)}
    output_limit = {"max.message.bytes": str(MAX_RECORD_BYTES + DEAD_LETTER_OVERHEAD_BYTES)}
    limits = {topics.raw: raw_limit, **dict.fromkeys(topics.outputs, output_limit)}
    # Few and small records that are read in the order they were written.
    one_partition = (topics.model_control, topics.model_events)
    return [
        TopicSpec(
            name=name,
            partitions=1 if name in one_partition else topics.partitions,
            replication_factor=topics.replication_factor,
            configs=limits.get(name, {}),
        )
        for name in (topics.raw, *topics.outputs, topics.feedback, *one_partition)
    ]
