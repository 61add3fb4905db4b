"""Moves tickets from a source to a topic through a sender, at a pace; reads no files itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from stream_app.errors import Unavailable, UserError
from stream_app.messages import OutgoingRecord
from stream_app.produce.feed import Feed
from stream_app.produce.pace import Pace
from stream_app.produce.sender import Sender
from stream_app.tickets_input import TicketRecord

SHORTEST_SLEEP_S = 0.001


async def produce(
    tickets: Iterable[TicketRecord], sender: Sender, topic: str, *, rate: float | None = None
) -> None:
    """Send all `tickets` to `topic` and return when the broker has confirmed every one.

    `tickets` is iterated in a thread, so it may block. `rate` is in tickets a second; None is as
    fast as the broker takes them. Cancelling stops the sending; what was queued until then is
    confirmed by `sender.flush`.

    Raises `Unavailable` where a delivery failed, and what `tickets` raises, once all before it
    is confirmed.
    """
    pace = Pace(rate) if rate is not None else None
    started = time.monotonic()
    sent = 0
    try:
        async for run in Feed(tickets):
            for ticket in run:
                if pace is not None:
                    wait_s = pace.wait_s(sent, time.monotonic() - started)
                    if wait_s > SHORTEST_SLEEP_S:
                        await asyncio.sleep(wait_s)
                await sender.send(OutgoingRecord(topic, ticket.key, ticket.value, []))
                sent += 1
    except Unavailable as error:
        raise Unavailable(
            f"{error.message}; {sender.confirmed:,} records were confirmed"
        ) from error
    except UserError as error:
        if sent == 0:
            raise
        await sender.flush()
        raise UserError(
            f"{error.message} (the {sent:,} records before it were sent)",
            exit_code=error.exit_code,
        ) from error
    await sender.flush()
