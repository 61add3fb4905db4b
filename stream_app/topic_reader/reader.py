"""Reads topics from a chosen place without joining a consumer group; commits nothing.

Partitions are assigned explicitly, so a reader never takes records from a worker, and any number
of readers see the same ones.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from stream_app.broker.probe import check_answers
from stream_app.errors import Unavailable
from stream_app.header_names import take_any_header_name
from stream_app.messages import Record
from stream_app.topic_reader.partitions import Partition, partitions_of

ANSWER_WITHIN_S = 5.0
STALLED_AFTER_S = 30.0
POLL_MS = 500
POLL_RECORDS = 500


@dataclass(frozen=True, slots=True)
class Span:
    """What a partition held when the reader was opened: `beginning` up to before `end`."""

    beginning: int
    end: int


class TopicReader:
    """An open reader: iterate over it for the records, in order within each partition.

    `spans` says what each partition held at the start. A reader that does not follow ends once
    every record of the spans was given; one that follows never ends by itself. Partitions added
    to a topic later are not seen.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        spans: Mapping[Partition, Span],
        *,
        follow: bool,
    ) -> None:
        self._consumer = consumer
        self.spans = spans
        self._follow = follow

    async def __aiter__(self) -> AsyncIterator[Record]:
        progress_at = time.monotonic()
        while self._follow or await self._unfinished():
            polled = await self._poll()
            for position, records in polled.items():
                end = self.spans[position.topic, position.partition].end
                for record in records:
                    if self._follow or record.offset < end:
                        yield _record(record)
            if polled:
                progress_at = time.monotonic()
            elif not self._follow and time.monotonic() - progress_at > STALLED_AFTER_S:
                raise Unavailable(f"Kafka gave no records for {STALLED_AFTER_S:g} s")

    async def _poll(self) -> Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]:
        try:
            records: Mapping[TopicPartition, Sequence[ConsumerRecord[bytes, bytes]]]
            records = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=POLL_RECORDS)
        except KafkaError as error:
            raise Unavailable(f"Kafka: {error}") from error
        return records

    async def _unfinished(self) -> bool:
        """Judged by position, not by the last record seen: a log may end in a gap."""
        for position in self._consumer.assignment():
            end = self.spans[position.topic, position.partition].end
            if await self._consumer.position(position) < end:
                return True
        return False


@asynccontextmanager
async def open_reader(
    bootstrap_servers: str,
    security: Mapping[str, Any],
    topics: Sequence[str],
    *,
    start: Literal["beginning", "end"] | Mapping[Partition, int] = "beginning",
    follow: bool = True,
) -> AsyncIterator[TopicReader]:
    """Open a reader of all partitions of `topics`.

    Args:
        bootstrap_servers: `host:port[,host:port]`.
        security: as `stream_app.kafka_client.aiokafka_options` gives it.
        topics: names of topics that exist.
        start: the oldest records, only those that come from now on, or an offset for each
            partition; partitions that such a mapping leaves out are not read.
        follow: go on waiting for records; False ends at what is there now.

    Raises `Unavailable` where no broker answers within ten seconds, or a topic does not exist.
    """
    await asyncio.to_thread(
        check_answers, bootstrap_servers, timeout_s=ANSWER_WITHIN_S, kafka_security=security
    )
    take_any_header_name()
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        # Records that retention removes under the reader are passed over, not an error.
        auto_offset_reset="earliest",
        **security,
    )
    try:
        partitions = await partitions_of(bootstrap_servers, security, topics)
        await consumer.start()
        spans = await _spans(consumer, partitions)
        starts = _starts(spans, start)
        # Once only: aiokafka 0.14 can hang in `stop` soon after an assignment was replaced,
        # because its fetcher takes the cancellation for that of the old assignment's requests.
        consumer.assign([TopicPartition(*partition) for partition in starts])
        for partition, offset in starts.items():
            consumer.seek(TopicPartition(*partition), offset)
        yield TopicReader(consumer, spans, follow=follow)
    except KafkaError as error:
        raise Unavailable(f"Kafka at {bootstrap_servers}: {error}") from error
    finally:
        await consumer.stop()


async def _spans(
    consumer: AIOKafkaConsumer, partitions: Sequence[Partition]
) -> dict[Partition, Span]:
    positions = [TopicPartition(*partition) for partition in partitions]
    beginnings = await consumer.beginning_offsets(positions)
    ends = await consumer.end_offsets(positions)
    return {
        (position.topic, position.partition): Span(beginnings[position], ends[position])
        for position in positions
    }


def _starts(
    spans: Mapping[Partition, Span], start: Literal["beginning", "end"] | Mapping[Partition, int]
) -> Mapping[Partition, int]:
    if start == "beginning":
        return {partition: span.beginning for partition, span in spans.items()}
    if start == "end":
        return {partition: span.end for partition, span in spans.items()}
    return start


def _record(record: ConsumerRecord[bytes, bytes]) -> Record:
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
    )
