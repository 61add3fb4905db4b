"""The worker's Prometheus metrics: names, units and labels; holds no logic.

Labels take values from closed sets only (queues, error codes, rule ids, partitions): no id and no
text of a customer can become one.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)

from stream_app.hot_reload.metrics import ReloadMetrics

# A creation time for every counter doubles the page and no alert reads it.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class WorkerMetrics:
    """One worker's metrics, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.consumed = Counter(
            "tickets_consumed", "Records taken from the raw topic.", registry=self.registry
        )
        self.routed = Counter(
            "tickets_routed",
            "Tickets confirmed by the broker, by queue.",
            ["queue"],
            registry=self.registry,
        )
        self.dead_lettered = Counter(
            "tickets_dead_lettered",
            "Records confirmed in the dead-letter queue, by error code.",
            ["code"],
            registry=self.registry,
        )
        self.findings = Counter(
            "tickets_findings",
            "Guardrail rules that fired, by rule id.",
            ["rule"],
            registry=self.registry,
        )
        self.acked = Counter(
            "tickets_acked", "Records acked after all their outputs.", registry=self.registry
        )
        self.decide_seconds = Histogram(
            "tickets_decide_seconds",
            "Time to decide one micro-batch.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.publish_seconds = Histogram(
            "tickets_publish_seconds",
            "Time until the broker confirmed one micro-batch, or tickets with verdicts.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.age_seconds = Histogram(
            "tickets_age_seconds",
            "From a raw record's timestamp to the confirmation of its outcome.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.batch_tickets = Histogram(
            "tickets_batch_records",
            "Records in a micro-batch.",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
            registry=self.registry,
        )
        self.batches_in_flight = Gauge(
            "tickets_batches_in_flight",
            "Micro-batches taken and not yet acked.",
            registry=self.registry,
        )
        self.lag = Gauge(
            "tickets_consumer_lag_records",
            "Records of the raw topic behind the group's committed offset, asked of the broker.",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.models = ReloadMetrics(self.registry)
