"""Runs a replay: sends labelled tickets to the raw topic and reads every output until all is back.

Owns what is sent and how a record becomes a result; what the results mean is
`stream_app.replay.score`'s.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from schemas import DeadLetterHeader, ModelReference, RawTicket, TriagedTicket
from schemas.headers import EventHeader
from stream_app.broker import ensure_topics
from stream_app.kafka_client import aiokafka_options, bootstrap_servers
from stream_app.messages import OutgoingRecord, Record
from stream_app.producer import CONFIRMED_WITHIN_S, open_producer, undelivered
from stream_app.replay.collect import send_and_collect
from stream_app.replay.score import DEAD_LETTER_QUEUE, ReplayReport, Result, Tally
from stream_app.settings import Settings
from stream_app.topics import topic_specs

Progress = Callable[[int, int], None]
"""Called with the number of results so far and the number of tickets."""


async def replay(
    settings: Settings,
    tickets: Sequence[tuple[str, str]],
    *,
    data: str,
    rate_per_s: float | None,
    patience_s: float,
    on_progress: Progress,
) -> ReplayReport:
    """Send `tickets`, pairs of text and true intent, and score what the workers make of them.

    `rate_per_s` None sends as fast as the broker takes them. The replay ends when every ticket
    has an outcome, or when none came for `patience_s` seconds; what is missing then is lost.

    Raises `Unavailable` where Kafka does not answer.
    """
    servers, security = bootstrap_servers(settings.kafka), aiokafka_options(settings.kafka)
    await ensure_topics(servers, topic_specs(settings.topics), kafka_security=security)
    run = f"replay-{uuid.uuid4().hex[:8]}"
    ids = [f"{run}-{number}" for number in range(len(tickets))]
    collector = _Collector(
        Tally(dict(zip(ids, (intent for _, intent in tickets), strict=True))),
        settings.topics.dlq,
        on_progress,
    )

    async def send() -> dict[str, int]:
        collector.started_at = time.monotonic()
        texts = [text for text, _ in tickets]
        return await _send(settings, servers, security, ids, texts, rate_per_s)

    sent_at = await send_and_collect(
        settings,
        send,
        add=collector.add,
        complete=lambda: collector.tally.complete,
        patience_s=patience_s,
    )
    return collector.tally.report(
        data=data,
        sent_at=sent_at,
        seconds=collector.last_result_at - collector.started_at,
        model=collector.model,
    )


class _Collector:
    """Puts output records into a tally, and notes the times and the model that decided."""

    def __init__(self, tally: Tally, dlq_topic: str, on_progress: Progress) -> None:
        self.tally = tally
        self._dlq_topic = dlq_topic
        self._on_progress = on_progress
        self.started_at = self.last_result_at = time.monotonic()
        self.model: ModelReference | None = None

    def add(self, record: Record) -> bool:
        """False where the record belongs to no ticket of this replay."""
        known = len(self.tally.first)
        if not self.tally.add(_result(record, self._dlq_topic)):
            return False
        if len(self.tally.first) == known:
            return True
        self.last_result_at = time.monotonic()
        self._on_progress(len(self.tally.first), len(self.tally.intents))
        if self.model is None and record.topic != self._dlq_topic and record.value is not None:
            self.model = TriagedTicket.model_validate_json(record.value).model
        return True


async def _send(
    settings: Settings,
    servers: str,
    security: dict[str, Any],
    ids: Sequence[str],
    texts: Sequence[str],
    rate_per_s: float | None,
) -> dict[str, int]:
    """Send every ticket and return the timestamps (ms) that the broker confirmed, by ticket id."""
    deliveries = []
    async with open_producer(servers, security, client_id="tickets-replay") as producer:
        clock = asyncio.get_running_loop().time
        started = clock()
        for number, (ticket_id, text) in enumerate(zip(ids, texts, strict=True)):
            if rate_per_s is not None:
                await asyncio.sleep(max(0.0, started + number / rate_per_s - clock()))
            # Unchecked, so that a row which is no valid ticket shows up as a dead letter.
            ticket = RawTicket.model_construct(ticket_id=ticket_id, text=text)
            value = ticket.model_dump_json(include={"ticket_id", "text"}).encode()
            record = OutgoingRecord(settings.topics.raw, ticket_id.encode(), value, [])
            deliveries.append(await producer.hand_over(record))
        try:
            async with asyncio.timeout(CONFIRMED_WITHIN_S):
                confirmed = await asyncio.gather(*deliveries)
        except TimeoutError as error:
            raise undelivered(error) from error
    return {
        ticket_id: delivery.timestamp for ticket_id, delivery in zip(ids, confirmed, strict=True)
    }


def _result(record: Record, dlq_topic: str) -> Result:
    # Dead letters carry the headers of their senders, which may hold anything.
    headers = {
        name: value.decode(errors="replace") for name, value in record.headers if value is not None
    }
    if record.topic == dlq_topic:
        return Result(
            event_id=headers.get(DeadLetterHeader.EVENT_ID, ""),
            ticket_id=(record.key or b"").decode(errors="replace"),
            queue=DEAD_LETTER_QUEUE,
            intent=None,
            timestamp=record.timestamp,
        )
    return Result(
        event_id=headers.get(EventHeader.ID, ""),
        ticket_id=headers.get(EventHeader.SUBJECT, ""),
        queue=headers.get(EventHeader.QUEUE, ""),
        intent=headers.get(EventHeader.INTENT),
        timestamp=record.timestamp,
    )
