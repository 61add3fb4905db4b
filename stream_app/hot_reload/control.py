"""Listens on the control topic and calls for a look at the registry with each record on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from stream_app.topic_reader import open_reader

log = logging.getLogger(__name__)

RETRY_S = 5.0


async def listen(
    bootstrap_servers: str, security: Mapping[str, Any], *, topic: str, look: Callable[[], None]
) -> None:
    """Call `look` for each record from now on, until cancelled.

    In no consumer group, so that every worker hears every record. A failure is retried: without
    this topic the worker still looks by the clock.
    """
    while True:
        try:
            async with open_reader(
                bootstrap_servers, security, [topic], start="end", follow=True
            ) as reader:
                async for _ in reader:
                    look()
        except Exception as error:
            # Any fault of the reader: what anybody writes to that topic must not end following.
            log.warning("control topic not read: %s: %s", type(error).__name__, error)
        await asyncio.sleep(RETRY_S)
