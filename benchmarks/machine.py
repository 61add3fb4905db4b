"""Names the machine that a figure was measured on; measures nothing."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from stream_app.inference import usable_cores


def circumstances() -> dict[str, str]:
    """Date, processor with the cores that this process may use, and Python's version."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{_processor()}, {usable_cores()} cores, {platform.system()}",
        "python": platform.python_version(),
    }


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()
