"""The Faust application: one agent that hands raw records to the pipeline and acks nothing.

`noack_take` is the only way through a Faust stream that does not ack by itself: `take` and a bare
`async for` ack in a `finally` clause, also for records that were never decided.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, cast

import faust
from mode.supervisors import CrashingSupervisor

from stream_app.kafka_client import bootstrap_servers, faust_credentials
from stream_app.messages import Record
from stream_app.settings import Settings
from stream_app.worker.faust_transport import TicketTransport
from stream_app.worker.pipeline import Taken

STREAM_BUFFER_RECORDS = 16_384
"""Records buffered ahead of the agent. Faust's fetcher sleeps a whole second once every partition
is over its buffer, so the buffer holds several seconds of a worker's peak rate."""

RawEvent = faust.EventT[Any]
TakenBatch = Sequence[Taken[RawEvent]]


def build_app(
    settings: Settings, submit: Callable[[TakenBatch], Awaitable[None]]
) -> tuple[faust.App, Callable[[RawEvent], Awaitable[object]]]:
    """The application and the function that acks one of its events.

    The agent awaits `submit` for each micro-batch, so that the pipeline sets the pace.
    """
    servers = bootstrap_servers(settings.kafka).split(",")
    app = faust.App(
        settings.worker.consumer_group,
        broker=[f"kafka://{server.strip()}" for server in servers],
        broker_credentials=faust_credentials(settings.kafka),
        broker_commit_interval=settings.worker.commit_interval_s,
        broker_session_timeout=settings.worker.session_timeout_s,
        broker_heartbeat_interval=settings.worker.session_timeout_s / 5,
        consumer_auto_offset_reset="earliest",
        agent_supervisor=CrashingSupervisor,
        stream_buffer_maxsize=STREAM_BUFFER_RECORDS,
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
        store="memory://",
        # Faust makes this folder at start; by default it lies where the command was typed.
        datadir=tempfile.gettempdir(),
    )
    app.transport = TicketTransport(app.conf.broker_consumer, app)
    raw = app.topic(
        settings.topics.raw,
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
    )
    streams: list[faust.Stream[Any]] = []

    async def triage_raw_tickets(incoming: faust.StreamT[Any]) -> None:
        # The interface type that agents are declared with lacks the calls that do not ack.
        stream = cast("faust.Stream[Any]", cast("faust.Stream[Any]", incoming).noack())
        streams[:] = [stream]
        wait_s = settings.worker.batch_wait_ms / 1000
        async for events in stream.noack_take(settings.worker.batch_tickets, wait_s):
            await submit([Taken(_record(event), event) for event in events])

    async def ack(event: RawEvent) -> object:
        return await streams[0].ack(event)

    app.agent(raw, name="triage", concurrency=1, supervisor_strategy=CrashingSupervisor)(
        triage_raw_tickets
    )
    return app, ack


def _record(event: RawEvent) -> Record:
    message = event.message
    return Record(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp=round(message.timestamp * 1000),
        key=message.key,
        value=message.value,
        # aiokafka hands over a list of pairs, in which a name may stand twice.
        headers=tuple(cast(Iterable[tuple[str, bytes | None]], message.headers or ())),
    )
