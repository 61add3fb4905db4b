"""Sends the arrivals at a pace a person can follow and enters every outcome into the ledger.

A second model may come into service meanwhile: the last records then wait for it, up to a point.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from stream_app.demo.arrivals import Arrival
from stream_app.demo.flow import interval_s
from stream_app.demo.ledger import Ledger
from stream_app.demo.outcome import Outcome, read_outcome
from stream_app.errors import Unavailable
from stream_app.kafka_client import aiokafka_options, bootstrap_servers
from stream_app.local_worker import LocalWorker
from stream_app.messages import OutgoingRecord, Record
from stream_app.produce import open_sender
from stream_app.replay.collect import send_and_collect
from stream_app.settings import Settings

PATIENCE_S = 30.0
"""Without any outcome for so long, what is missing is lost."""

TAKES_OVER_WITHIN_S = 20.0
"""So long after its promotion, the last records no longer wait for the second model."""

PROMOTED_WITHIN_S = 60.0
"""So long after the last outcome, a promotion that is still under way is given up."""

LOOK_EVERY_S = 0.5


async def stream(
    settings: Settings,
    arrivals: Sequence[Arrival],
    ledger: Ledger,
    worker: LocalWorker,
    *,
    rate: float | None,
    promotion: Coroutine[Any, Any, None] | None,
    on_sent: Callable[[], None],
    on_outcome: Callable[[Outcome], None],
) -> None:
    """Send `arrivals` and read until each has an outcome in `ledger`, or none comes any more.

    `rate` is in records a second; None is as fast as the broker takes them. `promotion` brings a
    second model into service and runs beside. Raises `Unavailable` where the broker fails, or the
    worker ends before it should.
    """
    clock = asyncio.get_running_loop().time
    models: set[str] = set()
    promoting = asyncio.create_task(promotion) if promotion is not None else None
    promoted_at: list[float] = []
    if promoting is not None:
        promoting.add_done_callback(lambda _: promoted_at.append(clock()))

    def waiting() -> bool:
        if promoting is None or len(models) > 1:
            return False
        return not promoted_at or clock() - promoted_at[0] < TAKES_OVER_WITHIN_S

    async def due(before: float, *, remaining: int) -> float:
        """Wait until the next record is due; the time at which it was."""
        while True:
            at = before + interval_s(remaining, rate=rate, waiting=waiting())
            if (left := at - clock()) <= 0:
                # After a pause the pace goes on, and what was missed is not caught up with.
                return max(at, clock() - LOOK_EVERY_S)
            await asyncio.sleep(min(left, LOOK_EVERY_S))

    async def send() -> None:
        servers, security = bootstrap_servers(settings.kafka), aiokafka_options(settings.kafka)
        async with open_sender(servers, security, client_id="tickets-demo") as sender:
            before = clock()
            for number, arrival in enumerate(arrivals):
                before = await due(before, remaining=len(arrivals) - number)
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
        if outcome.ticket is not None:
            models.add(outcome.ticket.model.digest)
        on_outcome(outcome)
        return True

    work = asyncio.create_task(
        send_and_collect(
            settings, send, add=add, complete=lambda: ledger.complete, patience_s=PATIENCE_S
        )
    )
    watch = asyncio.create_task(_until_it_ends(worker))
    beside = [task for task in (watch, promoting) if task is not None]
    try:
        await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise Unavailable(f"the worker ended in mid-stream: {_last_line(worker)}")
        work.result()
        if promoting is not None:
            await asyncio.wait({promoting}, timeout=PROMOTED_WITHIN_S)
    finally:
        for task in (work, *beside):
            task.cancel()
        await asyncio.gather(work, *beside, return_exceptions=True)


async def _until_it_ends(worker: LocalWorker) -> None:
    while worker.process.poll() is None:  # noqa: ASYNC110 - a process tells its end to nobody here
        await asyncio.sleep(LOOK_EVERY_S)


def _last_line(worker: LocalWorker) -> str:
    lines = worker.log_text().strip().splitlines()
    return lines[-1].strip().removeprefix("error: ") if lines else "it printed nothing"
