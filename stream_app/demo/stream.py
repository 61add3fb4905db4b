"""Sends the arrivals at a pace a person can follow and enters every outcome into the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from stream_app.demo.arrivals import Arrival
from stream_app.demo.ledger import Ledger
from stream_app.demo.outcome import Outcome, read_outcome
from stream_app.errors import Unavailable
from stream_app.kafka_client import aiokafka_options, bootstrap_servers
from stream_app.local_worker import LocalWorker
from stream_app.messages import OutgoingRecord, Record
from stream_app.produce import open_sender
from stream_app.produce.pace import Pace
from stream_app.replay.collect import send_and_collect
from stream_app.settings import Settings

PATIENCE_S = 30.0
"""Without any outcome for so long, what is missing is lost."""

LOOK_EVERY_S = 0.5


async def stream(
    settings: Settings,
    arrivals: Sequence[Arrival],
    ledger: Ledger,
    worker: LocalWorker,
    *,
    rate: float | None,
    on_sent: Callable[[], None],
    on_outcome: Callable[[Outcome], None],
) -> None:
    """Send `arrivals` and read until each has an outcome in `ledger`, or none comes any more.

    `rate` is in records a second; None is as fast as the broker takes them. Raises `Unavailable`
    where the broker fails, or the worker ends before it should.
    """

    async def send() -> None:
        servers, security = bootstrap_servers(settings.kafka), aiokafka_options(settings.kafka)
        pace = Pace(rate) if rate is not None else None
        async with open_sender(servers, security, client_id="tickets-demo") as sender:
            started = time.monotonic()
            for number, arrival in enumerate(arrivals):
                if pace is not None:
                    await asyncio.sleep(pace.wait_s(number, time.monotonic() - started))
                await sender.send(
                    OutgoingRecord(
                        settings.topics.raw, arrival.key, arrival.value, list(arrival.headers)
                    )
                )
                on_sent()
            await sender.flush()

    def add(record: Record) -> bool:
        outcome = read_outcome(record, settings.topics)
        if not ledger.add(outcome):
            return False
        on_outcome(outcome)
        return True

    work = asyncio.create_task(
        send_and_collect(
            settings, send, add=add, complete=lambda: ledger.complete, patience_s=PATIENCE_S
        )
    )
    watch = asyncio.create_task(_until_it_ends(worker))
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise Unavailable(f"the worker ended in mid-stream: {_last_line(worker)}")
        work.result()
    finally:
        work.cancel()
        watch.cancel()
        await asyncio.gather(work, watch, return_exceptions=True)


async def _until_it_ends(worker: LocalWorker) -> None:
    while worker.process.poll() is None:  # noqa: ASYNC110 - a process tells its end to nobody here
        await asyncio.sleep(LOOK_EVERY_S)


def _last_line(worker: LocalWorker) -> str:
    lines = worker.log_text().strip().splitlines()
    return lines[-1].strip().removeprefix("error: ") if lines else "it printed nothing"
