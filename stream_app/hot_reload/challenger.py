"""Follows the alias of the challenger: opens, closes and replaces what is scored in shadow.

Apart from what follows the champion, with a task and a preparing process of its own: a challenger
that takes its time must not hold up a rollback.
"""

from __future__ import annotations

import asyncio
import logging
import time

from schemas import ModelEventKind, ModelReference, ShadowCounts
from stream_app.bundle import BundleError
from stream_app.errors import Unavailable
from stream_app.hot_reload.events import ModelEvents
from stream_app.hot_reload.fetching import fetch_fitting
from stream_app.hot_reload.preparing import Preparing
from stream_app.hot_reload.refusals import Refusals
from stream_app.hot_reload.serving import Served, ServingModel
from stream_app.hot_reload.shadow import Shadow
from stream_app.registry.layout import CHALLENGER
from stream_app.registry.version import RegisteredVersion

log = logging.getLogger(__name__)

SHADOW_EVENT_S = 60.0
"""How often the counts of a challenger are told."""


class ChallengerFollower:
    """Keeps what is scored in shadow what the registry's alias says."""

    def __init__(
        self,
        *,
        resolving: Preparing,
        preparing: Preparing,
        serving: ServingModel,
        refusals: Refusals,
        shadow: Shadow,
        events: ModelEvents,
    ) -> None:
        """`resolving` is the champion's process, which runs anyway; `preparing` the challenger's,
        which runs only while there is one."""
        self._resolving = resolving
        self._preparing = preparing
        self._serving = serving
        self._refusals = refusals
        self._shadow = shadow
        self._events = events
        self._called = asyncio.Event()
        self._version: RegisteredVersion | None = None
        self._told_at = 0.0

    def look_now(self) -> None:
        """Call for a look at the alias; returns at once."""
        self._called.set()

    async def run(self) -> None:
        """Look when called, until cancelled."""
        while True:
            await self._called.wait()
            self._called.clear()
            try:
                await self._look()
            except (Unavailable, OSError) as error:
                log.warning("the challenger is not to be had: %s", error)
            except Exception:
                # A fault of ours in here must not end what follows the champion.
                log.exception("following the challenger failed")

    async def champion_swapped(self, before: Served) -> None:
        """Count anew: what was counted so far compares with `before`, which serves no longer."""
        version, counts = self._version, self._shadow.counts
        if version is None or self._shadow.failure is not None:
            return
        compared_with = before.classifier.reference
        if version.digest == self._serving.current.digest:
            await self._close(compared_with=compared_with)
            return
        self._shadow.count_anew()
        await self._tell(
            ModelEventKind.CHALLENGER_CLOSED, version, counts, compared_with=compared_with
        )
        await self._tell(ModelEventKind.CHALLENGER_OPENED, version, self._shadow.counts)

    async def _look(self) -> None:
        await self._close_failed()
        seen = await self._resolving.resolve(CHALLENGER)
        if seen is None or seen.digest == self._serving.current.digest:
            await self._close()
        elif self._version is None or seen.digest != self._version.digest:
            await self._close()
            if seen not in self._refusals.quarantine:
                await self._open(seen)
        elif time.monotonic() - self._told_at > SHADOW_EVENT_S:
            await self._tell(ModelEventKind.SHADOW, self._version, self._shadow.counts)

    async def _close_failed(self) -> None:
        version, failure = self._version, self._shadow.failure
        if version is None or failure is None:
            return
        await self._close(reason=failure.reason)
        if failure.of_challenger:
            await self._refusals.refuse(CHALLENGER, version, failure.reason)

    async def _open(self, version: RegisteredVersion) -> None:
        try:
            bundle = await fetch_fitting(self._preparing, version, self._serving.current)
            await self._preparing.open_challenger(bundle.model_path.parent)
        except BundleError as error:
            await self._preparing.close()
            await self._refusals.refuse(CHALLENGER, version, error.message)
            return
        self._version = version
        self._shadow.open(bundle.reference)
        await self._tell(ModelEventKind.CHALLENGER_OPENED, version, self._shadow.counts)

    async def _close(
        self, *, reason: str | None = None, compared_with: ModelReference | None = None
    ) -> None:
        version, counts = self._version, self._shadow.counts
        if version is None:
            return
        self._version = None
        self._shadow.close()
        await self._preparing.close()
        await self._tell(
            ModelEventKind.CHALLENGER_CLOSED,
            version,
            counts,
            reason=reason,
            compared_with=compared_with,
        )

    async def _tell(
        self,
        kind: ModelEventKind,
        version: RegisteredVersion,
        counts: ShadowCounts,
        *,
        reason: str | None = None,
        compared_with: ModelReference | None = None,
    ) -> None:
        """`compared_with` is the champion whose answers were counted, where it serves no longer."""
        self._told_at = time.monotonic()
        await self._events.tell(
            kind,
            serving=compared_with or self._serving.current.classifier.reference,
            alias=CHALLENGER,
            version=version.number,
            reason=reason,
            shadow=counts,
        )
