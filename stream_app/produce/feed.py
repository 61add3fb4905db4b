"""Iterates over a blocking source in a thread and hands its items to the event loop in runs."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")

MAX_ITEMS_AHEAD = 1_000
"""How far the thread may run ahead of the loop."""


class Feed(Generic[Item]):
    """Async iteration over runs of items: each run is all that has come since the last one.

    A slow pipe therefore gives its lines one by one as they come, and a fast file gives long
    runs. What the source raises is raised here, after the items before it.
    """

    def __init__(self, source: Iterable[Item]) -> None:
        self._source = source
        self._items: deque[Item] = deque()
        self._slots = threading.Semaphore(MAX_ITEMS_AHEAD)
        self._news = asyncio.Event()
        self._ended = False
        self._error: Exception | None = None
        self._loop = asyncio.get_running_loop()

    async def __aiter__(self) -> AsyncIterator[list[Item]]:
        # A daemon: a thread that waits for input must not keep a stopped process alive.
        threading.Thread(target=self._read, name="feed", daemon=True).start()
        while True:
            await self._news.wait()
            self._news.clear()
            ended = self._ended
            run = [self._items.popleft() for _ in range(len(self._items))]
            if run:
                self._slots.release(len(run))
                yield run
            if ended:
                if self._error is not None:
                    raise self._error
                return

    def _read(self) -> None:
        try:
            for item in self._source:
                self._slots.acquire()
                self._items.append(item)
                if not self._news.is_set():
                    self._tell()
        except Exception as error:
            self._error = error
        self._ended = True
        self._tell()

    def _tell(self) -> None:
        # The loop may have been stopped while this thread waited for input.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._news.set)
