"""Follows the registry: looks, prepares what is new, swaps, and says what happened.

One task of the worker's event loop owns all of it, so nothing here runs twice at a time. Whatever
fails, the model that serves goes on serving.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time

from schemas import ModelEventKind, ShadowCounts
from stream_app.bundle import Bundle, BundleError
from stream_app.errors import Unavailable
from stream_app.hot_reload.cache import BundleCache
from stream_app.hot_reload.events import ModelEvents
from stream_app.hot_reload.metrics import ReloadMetrics
from stream_app.hot_reload.opening import open_beside, read_beside
from stream_app.hot_reload.plan import Step, is_rollback, plan
from stream_app.hot_reload.preparing import Preparing
from stream_app.hot_reload.quarantine import Quarantine
from stream_app.hot_reload.serving import Served, ServingModel
from stream_app.hot_reload.shadow import Shadow
from stream_app.registry.layout import CHALLENGER
from stream_app.registry.version import RegisteredVersion
from stream_app.settings import InferenceSettings, RegistrySettings

log = logging.getLogger(__name__)

JITTER = 0.2
"""Pauses differ by this share, so that many workers do not ask in step."""

LONGEST_BACK_OFF_S = 300.0

_MOST_DOUBLINGS = 16
"""Of the pause: enough for the longest from any setting, and no number too large for a float."""

SHADOW_EVENT_S = 60.0
"""How often the counts of a challenger are told."""


class Follower:
    """Keeps the serving model and the challenger what the registry's aliases say."""

    def __init__(
        self,
        *,
        registry: RegistrySettings,
        inference: InferenceSettings,
        preparing: Preparing,
        cache: BundleCache,
        quarantine: Quarantine,
        serving: ServingModel,
        shadow: Shadow,
        events: ModelEvents,
        metrics: ReloadMetrics,
        reachable: bool,
    ) -> None:
        self._registry = registry
        self._inference = inference
        self._preparing = preparing
        self._cache = cache
        self._quarantine = quarantine
        self._serving = serving
        self._shadow = shadow
        self._events = events
        self._metrics = metrics
        self._failures = 0 if reachable else 1
        self._outage = not reachable
        self._called = asyncio.Event()
        self._challenger: RegisteredVersion | None = None
        self._shadow_told_at = 0.0

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
                self._quarantine.clear()
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
            self._metrics.quarantined.set(len(self._quarantine))
        self._metrics.looked()
        self._failures = 0
        if self._outage:
            self._outage = False
            log.info("the registry answers again")
            await self._tell(ModelEventKind.REACHABLE)
        try:
            await self._follow_challenger()
        except (Unavailable, OSError) as error:
            # No outage: the champion, which matters more, has just been looked at.
            log.warning("the challenger is not to be had: %s", error)
        finally:
            self._metrics.quarantined.set(len(self._quarantine))

    async def _lost(self, reason: str) -> None:
        self._metrics.count("unreachable")
        self._failures = min(self._failures + 1, _MOST_DOUBLINGS)
        if not self._outage:
            self._outage = True
            log.warning("%s; the serving model stays", reason)
            await self._tell(ModelEventKind.UNREACHABLE, reason=reason)

    async def _follow_champion(self) -> None:
        noticed_at = time.perf_counter()
        seen = await self._preparing.resolve(self._registry.alias)
        current, previous = self._serving.current, self._serving.previous
        step = plan(
            seen,
            current=current.digest,
            previous=previous.digest if previous else None,
            quarantine=self._quarantine,
        )
        if seen is None:
            return
        if step is Step.KEEP:
            if seen.digest == current.digest:
                current.number = seen.number
            return
        if step is Step.SWAP_BACK and previous is not None:
            new = previous
        else:
            try:
                bundle = await self._fetched(seen)
                await self._preparing.check(bundle.model_path.parent)
                classifier = await open_beside(
                    bundle, self._inference, like=self._serving.current.classifier
                )
                new = Served(classifier, seen.number)
            except BundleError as error:
                await self._refuse(self._registry.alias, seen, error.message)
                return
        await self._swap(new, seen.number, noticed_at)

    async def _fetched(self, version: RegisteredVersion) -> Bundle:
        """The version's bundle, read and of the labels that serve.

        Raises `BundleError` and `Unavailable` as `Preparing.fetch` does.
        """
        bundle = await read_beside(await self._preparing.fetch(version))
        intents = {label.intent for label in bundle.labels}
        serving = self._serving.current.classifier.intents
        if intents != serving:
            raise BundleError(
                f"version {version.number} has other intents than the serving model "
                f"({len(intents - serving)} new, {len(serving - intents)} missing); "
                "workers take it at their next start"
            )
        return bundle

    async def _swap(self, new: Served, version: int, noticed_at: float) -> None:
        before = self._serving.current
        rollback = is_rollback(version, before.number)
        new.number = version
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
        await self._tell(
            ModelEventKind.ROLLED_BACK if rollback else ModelEventKind.SWAPPED,
            before=before,
            alias=self._registry.alias,
            version=version,
            seconds=seconds,
        )
        in_use = (new.digest, before.digest)
        await asyncio.to_thread(self._cache.settle, version, new.digest, in_use=in_use)

    async def _refuse(self, alias: str, version: RegisteredVersion, reason: str) -> None:
        self._quarantine.put(version, reason)
        self._metrics.count("refused")
        log.warning("version %s refused: %s", version.number, reason)
        await self._tell(ModelEventKind.REFUSED, alias=alias, version=version.number, reason=reason)

    async def _follow_challenger(self) -> None:
        if self._registry.shadow_share == 0.0:
            return
        if self._shadow.challenger is None:
            # Also where the preparing process took it along when it ended.
            self._challenger = None
        seen = await self._preparing.resolve(CHALLENGER)
        if seen is None or seen.digest == self._serving.current.digest:
            await self._close_challenger()
        elif self._challenger is not None and seen.digest == self._challenger.digest:
            if time.monotonic() - self._shadow_told_at > SHADOW_EVENT_S:
                await self._tell_shadow(ModelEventKind.SHADOW)
        elif seen not in self._quarantine:
            await self._close_challenger()
            await self._open_challenger(seen)

    async def _open_challenger(self, version: RegisteredVersion) -> None:
        try:
            bundle = await self._fetched(version)
            await self._preparing.open_challenger(bundle.model_path.parent)
        except BundleError as error:
            await self._refuse(CHALLENGER, version, error.message)
            return
        self._challenger = version
        self._shadow.open(bundle.reference)
        await self._tell_shadow(ModelEventKind.CHALLENGER_OPENED)

    async def _close_challenger(self) -> None:
        if self._challenger is not None:
            await self._tell_shadow(ModelEventKind.CHALLENGER_CLOSED)
            self._shadow.close()
            self._challenger = None

    async def _tell_shadow(self, kind: ModelEventKind) -> None:
        self._shadow_told_at = time.monotonic()
        await self._tell(
            kind,
            alias=CHALLENGER,
            version=self._challenger.number if self._challenger else None,
            shadow=self._shadow.counts,
        )

    async def _tell(
        self,
        kind: ModelEventKind,
        *,
        before: Served | None = None,
        alias: str | None = None,
        version: int | None = None,
        reason: str | None = None,
        seconds: float | None = None,
        shadow: ShadowCounts | None = None,
    ) -> None:
        await self._events.tell(
            kind,
            serving=self._serving.current.classifier.reference,
            before=before.classifier.reference if before else None,
            alias=alias,
            version=version,
            reason=reason,
            seconds=seconds,
            shadow=shadow,
        )
