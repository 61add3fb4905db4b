"""Follows the registry: looks, prepares what is new, swaps, and says what happened.

One task of the worker's event loop owns which model serves, so nothing here runs twice at a time.
Whatever fails, the model that serves goes on serving.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time

from schemas import ModelEventKind
from stream_app.bundle import BundleError
from stream_app.errors import Unavailable
from stream_app.hot_reload.challenger import ChallengerFollower
from stream_app.hot_reload.events import ModelEvents
from stream_app.hot_reload.fetching import fetch_fitting
from stream_app.hot_reload.last_good import LastGoodPointer
from stream_app.hot_reload.metrics import ReloadMetrics
from stream_app.hot_reload.opening import open_beside
from stream_app.hot_reload.plan import Step, is_rollback, plan
from stream_app.hot_reload.preparing import Preparing
from stream_app.hot_reload.refusals import Refusals
from stream_app.hot_reload.serving import Served, ServingModel
from stream_app.registry.version import RegisteredVersion
from stream_app.settings import InferenceSettings, RegistrySettings

log = logging.getLogger(__name__)

JITTER = 0.2
"""Pauses differ by this share, so that many workers do not ask in step."""

LONGEST_BACK_OFF_S = 300.0

_MOST_DOUBLINGS = 16
"""Of the pause: enough for the longest from any setting, and no number too large for a float."""


class Follower:
    """Keeps the serving model what the registry's alias says."""

    def __init__(
        self,
        *,
        registry: RegistrySettings,
        inference: InferenceSettings,
        preparing: Preparing,
        last_good: LastGoodPointer,
        refusals: Refusals,
        serving: ServingModel,
        challenger: ChallengerFollower,
        events: ModelEvents,
        metrics: ReloadMetrics,
        reachable: bool,
    ) -> None:
        self._registry = registry
        self._inference = inference
        self._preparing = preparing
        self._last_good = last_good
        self._refusals = refusals
        self._serving = serving
        self._challenger = challenger
        self._events = events
        self._metrics = metrics
        self._failures = 0 if reachable else 1
        self._outage = not reachable
        self._called = asyncio.Event()

    def look_now(self) -> None:
        """End the pause; versions in quarantine get another chance."""
        self._called.set()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._pause_s()):
                    await self._called.wait()
                self._called.clear()
                self._refusals.quarantine.clear()
            except TimeoutError:
                pass
            try:
                await self._look()
            except Exception:
                # A fault of ours in here must cost new models only, not the tickets.
                log.exception("following the registry failed; the serving model stays")
                self._failures = min(self._failures + 1, _MOST_DOUBLINGS)

    def _pause_s(self) -> float:
        poll_s = self._registry.poll_s
        back_off = max(poll_s, min(poll_s * 2.0**self._failures, LONGEST_BACK_OFF_S))
        spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret depends on it
        return back_off * spread

    async def _look(self) -> None:
        try:
            await self._follow_champion()
        except (Unavailable, OSError) as error:
            await self._lost(str(error))
            return
        finally:
            self._metrics.quarantined.set(len(self._refusals.quarantine))
        self._metrics.looked()
        self._failures = 0
        if self._outage:
            self._outage = False
            log.info("the registry answers again")
            await self._tell(ModelEventKind.REACHABLE)
        if self._registry.shadow_share > 0.0:
            self._challenger.look_now()

    async def _lost(self, reason: str) -> None:
        self._metrics.count("unreachable")
        self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
        if not self._outage:
            self._outage = True
            log.warning("%s; the serving model stays", reason)
            await self._tell(ModelEventKind.UNREACHABLE, reason=reason)

    async def _follow_champion(self) -> None:
        seen = await self._preparing.resolve(self._registry.alias)
        while seen is not None:
            noticed_at = time.perf_counter()
            current, previous = self._serving.current, self._serving.previous
            step = plan(
                seen,
                current=current.digest,
                previous=previous.digest if previous else None,
                quarantine=self._refusals.quarantine,
            )
            if step is Step.KEEP:
                if seen.digest == current.digest:
                    current.number = seen.number
                return
            if step is Step.SWAP_BACK and previous is not None:
                await self._swap(previous, seen, noticed_at)
                return
            seen = await self._take(seen, noticed_at)

    async def _take(
        self, version: RegisteredVersion, noticed_at: float
    ) -> RegisteredVersion | None:
        """Prepare the version and swap it in, or refuse it.

        Returns what the alias points at instead, if it was moved on meanwhile: what was rolled back
        while it was prepared must not serve.
        """
        try:
            bundle = await fetch_fitting(self._preparing, version, self._serving.current)
            await self._preparing.check(bundle.model_path.parent)
            classifier = await open_beside(
                bundle, self._inference, like=self._serving.current.classifier
            )
        except BundleError as error:
            await self._refusals.refuse(self._registry.alias, version, error.message)
            return None
        try:
            seen = await self._preparing.resolve(self._registry.alias)
        except BaseException:
            classifier.close()
            raise
        if seen is None or seen.digest != version.digest:
            log.info("%s is version %s no longer", self._registry.alias, version.number)
            classifier.close()
            return seen
        await self._swap(Served(classifier, seen.number), seen, noticed_at)
        return None

    async def _swap(self, new: Served, version: RegisteredVersion, noticed_at: float) -> None:
        before = self._serving.current
        rollback = is_rollback(version, before.number)
        new.number = version.number
        self._serving.swap(new)
        seconds = time.perf_counter() - noticed_at
        reference = new.classifier.reference
        self._metrics.serving(reference)
        self._metrics.count("rolled_back" if rollback else "swapped")
        self._metrics.reload_seconds.observe(seconds)
        log.info(
            "%s is version %s: %s %s serves",
            self._registry.alias,
            new.number,
            reference.name,
            reference.version,
        )
        await self._challenger.champion_swapped(before)
        await self._tell(
            ModelEventKind.ROLLED_BACK if rollback else ModelEventKind.SWAPPED,
            before=before,
            version=version.number,
            seconds=seconds,
        )
        in_use = (new.digest, before.digest)
        await asyncio.to_thread(self._last_good.settle, version.number, new.digest, in_use=in_use)

    async def _tell(
        self,
        kind: ModelEventKind,
        *,
        before: Served | None = None,
        version: int | None = None,
        reason: str | None = None,
        seconds: float | None = None,
    ) -> None:
        await self._events.tell(
            kind,
            serving=self._serving.current.classifier.reference,
            before=before.classifier.reference if before else None,
            alias=None if version is None else self._registry.alias,
            version=version,
            reason=reason,
            seconds=seconds,
        )
