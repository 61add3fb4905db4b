"""Sends a run's records and reads all outputs until every record has an outcome.

Owns the order of the two and when to give up; what a record means is the caller's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from stream_app.kafka_client import aiokafka_options, bootstrap_servers
from stream_app.messages import Record
from stream_app.settings import Settings
from stream_app.topic_reader import Partition, TopicReader, open_reader

Sent = TypeVar("Sent")


async def send_and_collect(
    settings: Settings,
    send: Callable[[], Coroutine[Any, Any, Sent]],
    *,
    add: Callable[[Record], bool],
    complete: Callable[[], bool],
    patience_s: float,
) -> Sent:
    """Send with `send` and give every output record written since to `add`; what `send` returned.

    Ends when `complete()`, or when after the sending `add` took no record (returned False for all)
    for `patience_s` seconds, and in both cases not before the sending. What else is in the outputs
    by then is given to `add` too: a redelivered copy comes behind the first one.

    Raises `Unavailable` where Kafka does not answer, and what `send` raises.
    """
    servers, security = bootstrap_servers(settings.kafka), aiokafka_options(settings.kafka)
    outputs = settings.topics.outputs
    async with open_reader(servers, security, outputs, start="end") as reader:
        next_offsets = {partition: span.end for partition, span in reader.spans.items()}
        sending = asyncio.create_task(send())
        reading = asyncio.create_task(
            _read(reader, next_offsets, add, complete, patience_s, sending)
        )
        try:
            done, _ = await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        finally:
            sending.cancel()
            reading.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)
    async with open_reader(servers, security, outputs, start=next_offsets, follow=False) as rest:
        async for record in rest:
            add(record)
    return sending.result()


async def _read(
    reader: TopicReader,
    next_offsets: dict[Partition, int],
    add: Callable[[Record], bool],
    complete: Callable[[], bool],
    patience_s: float,
    sending: asyncio.Task[Any],
) -> None:
    if complete():
        return
    clock = asyncio.get_running_loop().time
    try:
        async with asyncio.timeout(None) as patience:

            def wait_from_now(_: object) -> None:
                patience.reschedule(clock() + patience_s)

            sending.add_done_callback(wait_from_now)
            try:
                async for record in reader:
                    next_offsets[record.topic, record.partition] = record.offset + 1
                    if not add(record):
                        continue
                    if complete():
                        return
                    if sending.done():
                        wait_from_now(sending)
            finally:
                sending.remove_done_callback(wait_from_now)
    except TimeoutError:
        return
