"""Looks at the processes of this machine."""

from __future__ import annotations

import psutil


def running_with(argument: str, *, program: str = "") -> list[psutil.Process]:
    """Processes named like `program` with `argument` inside one of their arguments; no zombies."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline", "status"])
        if program in process.info["name"]
        and any(argument in each for each in process.info["cmdline"] or [])
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]
