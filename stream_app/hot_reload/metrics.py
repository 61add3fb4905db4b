"""What /metrics says of models: which serves, what became of the others, how shadow goes.

Labels take values from closed sets, but for name, version and digest of a bundle, which change
only with a reload; the series of what no longer serves are removed.
"""

from __future__ import annotations

import time
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas import ModelReference

ReloadOutcome = Literal["swapped", "rolled_back", "refused", "unreachable"]

_RELOAD_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_TICKET_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)


class ReloadMetrics:
    """The metrics of one worker's models, in the worker's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._model_info = Gauge(
            "tickets_model_info",
            "The serving bundle; always 1.",
            ["name", "version", "digest"],
            registry=registry,
        )
        self._shadow_info = Gauge(
            "tickets_shadow_model_info",
            "The bundle that is scored in shadow; always 1.",
            ["name", "version", "digest"],
            registry=registry,
        )
        self._reloads = Counter(
            "tickets_model_reloads",
            "What became of versions that the registry's alias pointed at, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self.reload_seconds = Histogram(
            "tickets_model_reload_seconds",
            "From noticing a version to serving it.",
            buckets=_RELOAD_SECONDS,
            registry=registry,
        )
        self.quarantined = Gauge(
            "tickets_model_quarantined",
            "Versions that were refused and are not tried again.",
            registry=registry,
        )
        self._looked_at = float("nan")
        Gauge(
            "tickets_model_registry_age_seconds",
            "Since the last look at the registry that got an answer, or since the start; "
            "NaN where none is followed.",
            registry=registry,
        ).set_function(lambda: time.monotonic() - self._looked_at)
        self.shadow_tickets = Counter(
            "tickets_shadow",
            "Live tickets of the challenger's share: both agreed, disagreed, or it was behind.",
            ["outcome"],
            registry=registry,
        )
        self.shadow_seconds = Histogram(
            "tickets_shadow_seconds",
            "Processor time of the challenger for one ticket, averaged over each call.",
            buckets=_TICKET_SECONDS,
            registry=registry,
        )

    def serving(self, reference: ModelReference) -> None:
        """`reference` serves from now on."""
        self._model_info.clear()
        self._model_info.labels(**reference.model_dump()).set(1)

    def shadowing(self, reference: ModelReference | None) -> None:
        """`reference` is scored in shadow from now on; None: nothing is."""
        self._shadow_info.clear()
        if reference is not None:
            self._shadow_info.labels(**reference.model_dump()).set(1)

    def looked(self) -> None:
        """The registry answered, or begins to be followed."""
        self._looked_at = time.monotonic()

    def count(self, outcome: ReloadOutcome) -> None:
        """A version's alias was followed with this outcome."""
        self._reloads.labels(outcome).inc()
