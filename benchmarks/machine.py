"""Names the machine that a figure was measured on; measures nothing."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from stream_app.inference import usable_cores

INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
"""Those that decide how fast integer and bfloat16 matrices are multiplied, by Linux's names."""


def circumstances() -> dict[str, str]:
    """Date, processor with the cores that this process may use and what it does natively, and
    Python's version."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{_processor()}, {usable_cores()} cores, {platform.system()}",
        "instructions": " ".join(_instructions()),
        "python": platform.python_version(),
    }


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor()


def _instructions() -> list[str]:
    known = _cpuinfo("flags").split()
    return [name for name in INSTRUCTIONS if name in known]


def _cpuinfo(field: str) -> str:
    """The first value of a field that Linux gives for each core, empty elsewhere."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(field):
                return line.split(":", 1)[1].strip()
    return ""
