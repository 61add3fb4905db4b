"""How many cores this process may use; starts nothing."""

from __future__ import annotations

import os
import sys


def usable_cores() -> int:
    """Those that the process is bound to, on Linux; elsewhere those of the machine."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    else:  # noqa: RET505 - a type checker on Linux takes what follows an if for unreachable
        return os.cpu_count() or 1
