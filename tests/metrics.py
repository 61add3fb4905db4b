"""Reads one figure of a running worker's metrics."""

from __future__ import annotations

from stream_app.local_worker import LocalWorker


def metric(worker: LocalWorker, name: str) -> float:
    """The sum of a metric over its labels."""
    lines = [line for line in worker.metrics().splitlines() if line.startswith(name)]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
