"""Looks at the processes of this machine, and waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil


def wait_until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    """Return once `holds()`; fail after `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def running_with(argument: str, *, program: str = "") -> list[psutil.Process]:
    """Processes named like `program` with `argument` inside one of their arguments; no zombies."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline", "status"])
        if program in process.info["name"]
        and any(argument in each for each in process.info["cmdline"] or [])
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]
