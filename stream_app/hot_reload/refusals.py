"""What happens to a version that must not serve: quarantine, a count and an event."""

from __future__ import annotations

import logging

from schemas import ModelEventKind
from stream_app.hot_reload.events import ModelEvents
from stream_app.hot_reload.metrics import ReloadMetrics
from stream_app.hot_reload.quarantine import Quarantine
from stream_app.hot_reload.serving import ServingModel
from stream_app.registry.version import RegisteredVersion

log = logging.getLogger(__name__)


class Refusals:
    """Refuses versions of one worker, whichever alias they came by."""

    def __init__(
        self,
        quarantine: Quarantine,
        *,
        serving: ServingModel,
        events: ModelEvents,
        metrics: ReloadMetrics,
    ) -> None:
        self.quarantine = quarantine
        self._serving = serving
        self._events = events
        self._metrics = metrics

    async def refuse(self, alias: str, version: RegisteredVersion, reason: str) -> None:
        """Keep the version from being tried again, and say why."""
        self.quarantine.put(version, reason)
        self._metrics.quarantined.set(len(self.quarantine))
        self._metrics.count("refused")
        log.warning("version %s refused: %s", version.number, reason)
        await self._events.tell(
            ModelEventKind.REFUSED,
            serving=self._serving.current.classifier.reference,
            alias=alias,
            version=version.number,
            reason=reason,
        )
