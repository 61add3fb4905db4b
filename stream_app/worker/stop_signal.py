"""What SIGTERM and SIGINT do: they end a start on the spot, and later ask for an orderly end."""

from __future__ import annotations

import asyncio
import signal
from typing import Any


class StopSignal:
    """Hears nothing before `listen`."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._starting: asyncio.Task[Any] | None = None

    def listen(self) -> None:
        """From now on a signal cancels the task that calls this."""
        self._starting = asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._hear)

    def started(self) -> None:
        """From now on somebody waits for `asked`, and nothing is cancelled any more."""
        self._starting = None

    def _hear(self) -> None:
        if self._starting is not None and not self.asked.is_set():
            self._starting.cancel()
        self.asked.set()
