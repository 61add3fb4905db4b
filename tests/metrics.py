"""Reads one figure of a running worker's metrics."""

from __future__ import annotations

from stream_app.local_worker import LocalWorker


def metric(worker: LocalWorker, name: str) -> float:
    """The sum of a metric over its labels; there must be one of that name."""
    lines = [line for line in worker.metrics().splitlines() if line.startswith(name)]
    assert lines, f"there is no metric {name}"
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
