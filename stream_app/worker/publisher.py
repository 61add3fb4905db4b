"""Publishes a micro-batch's outcomes and returns when the broker has confirmed every one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from stream_app.errors import Unavailable
from stream_app.messages import OutgoingRecord
from stream_app.producer import CONFIRMED_WITHIN_S, RecordProducer, undelivered


async def publish(producer: RecordProducer, records: Sequence[OutgoingRecord]) -> None:
    """Send `records`; return once all are confirmed.

    Raises `Unavailable` where a delivery failed or was not confirmed in time. Some of the others
    may have arrived, which is why nothing of the micro-batch may be acked then.
    """
    try:
        async with asyncio.timeout(CONFIRMED_WITHIN_S):
            deliveries = [await producer.hand_over(record) for record in records]
            results = await asyncio.gather(*deliveries, return_exceptions=True)
    except TimeoutError as error:
        raise Unavailable(
            f"Kafka did not confirm {len(records)} outcomes in {CONFIRMED_WITHIN_S:g} s"
        ) from error
    for result in results:
        if isinstance(result, BaseException):
            raise undelivered(result) from result
