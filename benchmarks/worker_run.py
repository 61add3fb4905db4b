"""One worker over one topic of tickets, on topics of its own; measures nothing by itself.

The topics carry the broker's own timestamps: a producer's say when it had a record, not when the
record was safe.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from schemas import RawTicket
from stream_app.broker import ensure_topics
from stream_app.errors import CheckFailed, UserError
from stream_app.local_worker import LocalWorker
from stream_app.messages import OutgoingRecord
from stream_app.producer import open_producer
from stream_app.settings import TopicSettings
from stream_app.topic_reader import open_reader
from stream_app.topics import topic_specs

STALLED_AFTER_S = 120.0

WARM_UP_SHARE = 0.1
"""The worker's first tickets are not timed: joining the group and first fetches are start-up."""

KEPT = frozenset({"TICKETS_DATA_DIR"})


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome: when the broker took it, in milliseconds since 1970, its key and its value."""

    timestamp: int
    key: bytes
    value: bytes


class WorkerRun:
    """Tickets in the raw topic, a worker on them, and the results that came out."""

    def __init__(self, servers: str, topics: TopicSettings, worker: LocalWorker, sent: int) -> None:
        self._servers = servers
        self._topics = topics
        self._sent = sent
        self.worker = worker

    def wait_until_acked(self) -> None:
        """Return once every ticket is acked. Raises `CheckFailed` where no more are, for long."""
        acked, since = 0, time.monotonic()
        while acked < self._sent:
            time.sleep(0.5)
            now = _acked(self.worker)
            if now > acked:
                acked, since = now, time.monotonic()
            elif time.monotonic() - since > STALLED_AFTER_S:
                raise CheckFailed(f"{acked} of {self._sent} tickets acked, none for a while")

    def results(self) -> list[Result]:
        """All outcomes by time. Raises `UserError` where they are not one a ticket."""
        results = sorted(asyncio.run(self._read()), key=lambda result: result.timestamp)
        if len(results) != self._sent:
            raise UserError(f"{len(results)} outcomes for {self._sent} tickets")
        return results

    async def _read(self) -> list[Result]:
        async with open_reader(self._servers, {}, self._topics.outputs, follow=False) as reader:
            return [
                Result(record.timestamp, record.key or b"", record.value or b"")
                async for record in reader
            ]


def rate(timestamps: Sequence[int]) -> float:
    """Outcomes a second of timestamps in milliseconds, in order, but for the first `WARM_UP_SHARE`.

    The slope of the line through their number over time by least squares: they come in bursts of a
    micro-batch, so that first and last alone would say too much or too little by half a burst.
    """
    timed = timestamps[int(len(timestamps) * WARM_UP_SHARE) :]
    return statistics.linear_regression(timed, range(len(timed))).slope * 1000


@contextmanager
def worker_run(
    servers: str, tickets: Sequence[str], *, bundle: Path, environment: Mapping[str, str]
) -> Iterator[WorkerRun]:
    """Send `tickets`, keyed b0, b1, ..., to a new topic, and only then start a worker on it."""
    forget_settings()
    run = f"bench-{uuid.uuid4().hex[:8]}"
    names = {
        name: f"{run}.{name}"
        for name in ("raw", "priority", "toxic", "review", "standard", "dlq", "feedback")
    }
    topics = TopicSettings.model_validate(names)
    asyncio.run(_fill(servers, topics, tickets))
    own = {f"TICKETS_TOPICS_{name.upper()}": topic for name, topic in names.items()} | {
        "TICKETS_KAFKA_BOOTSTRAP_SERVERS": servers,
        "TICKETS_WORKER_CONSUMER_GROUP": run,
    }
    with LocalWorker(own | dict(environment), bundle=bundle) as worker:
        worker.wait_until_ready()
        yield WorkerRun(servers, topics, worker, len(tickets))


def forget_settings() -> None:
    """Drop the product's settings from the environment: a benchmark measures the defaults."""
    for name in list(os.environ):
        if name.startswith("TICKETS_") and name not in KEPT:
            del os.environ[name]


async def create_topics(servers: str, topics: TopicSettings) -> None:
    """The product's topics, with the broker's timestamps."""
    stamped = {"message.timestamp.type": "LogAppendTime"}
    specs = [replace(spec, configs={**spec.configs, **stamped}) for spec in topic_specs(topics)]
    await ensure_topics(servers, specs)


async def _fill(servers: str, topics: TopicSettings, tickets: Sequence[str]) -> None:
    await create_topics(servers, topics)
    async with open_producer(servers, {}, client_id="benchmark") as producer:
        deliveries = []
        for number, text in enumerate(tickets):
            ticket = RawTicket(ticket_id=f"b{number}", text=text)
            value = ticket.model_dump_json(include={"ticket_id", "text"}).encode()
            record = OutgoingRecord(topics.raw, f"b{number}".encode(), value, [])
            deliveries.append(await producer.hand_over(record))
        await asyncio.gather(*deliveries)


def _acked(worker: LocalWorker) -> int:
    for line in worker.metrics().splitlines():
        if line.startswith("tickets_acked_total "):
            return int(float(line.split()[1]))
    return 0
