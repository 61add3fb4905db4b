"""Opens a verified bundle beside a running stream: in a thread of low priority, on no lane."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from stream_app.bundle import Bundle, read_bundle
from stream_app.inference import OnnxClassifier
from stream_app.local_triage import open_bundle
from stream_app.settings import InferenceSettings

NICENESS = 10
"""Tickets come first. Not the lowest priority: the thread holds the interpreter's lock now and
then, and where it got next to no processor time while holding it, everything else would wait."""


_Opened = TypeVar("_Opened")


async def read_beside(folder: Path) -> Bundle:
    """`read_bundle` in such a thread. Raises as it does."""
    return await _beside(lambda: read_bundle(folder))


async def open_beside(
    bundle: Bundle, inference: InferenceSettings, *, like: OnnxClassifier
) -> OnnxClassifier:
    """`open_bundle` in such a thread. Raises as it does."""
    return await _beside(lambda: open_bundle(bundle, inference, like=like))


async def _beside(work: Callable[[], _Opened]) -> _Opened:
    # A thread of its own each time: a lowered priority cannot be raised again for other work.
    thread = ThreadPoolExecutor(1, thread_name_prefix="beside", initializer=_lower_priority)
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, work)
    finally:
        thread.shutdown(wait=False)


def _lower_priority() -> None:
    # Linux keeps a niceness for each thread; elsewhere this would slow the whole process.
    if sys.platform == "linux":
        # A worker that was started below that stays there: only root may raise a priority.
        niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
