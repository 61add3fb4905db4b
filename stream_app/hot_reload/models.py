"""The worker's models from first to last: opens the first one, follows the registry, closes all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from schemas import ModelEventKind
from stream_app.hot_reload.cache import open_cache
from stream_app.hot_reload.calls import Setup
from stream_app.hot_reload.challenger import ChallengerFollower
from stream_app.hot_reload.control import listen
from stream_app.hot_reload.events import ModelEvents
from stream_app.hot_reload.follower import Follower
from stream_app.hot_reload.last_good import LastGoodPointer
from stream_app.hot_reload.metrics import ReloadMetrics
from stream_app.hot_reload.preparing import Preparing
from stream_app.hot_reload.quarantine import Quarantine
from stream_app.hot_reload.refusals import Refusals
from stream_app.hot_reload.serving import Served, ServingModel
from stream_app.hot_reload.shadow import Shadow
from stream_app.hot_reload.start import FirstModel, first_model
from stream_app.kafka_client import aiokafka_options, bootstrap_servers
from stream_app.local_triage import open_model
from stream_app.producer import RecordProducer
from stream_app.registry.address import registry_address
from stream_app.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Registry:
    """What a worker that follows a registry has beside its model; `shadow_preparing` is the process
    that holds a challenger, if there is one."""

    preparing: Preparing
    shadow_preparing: Preparing
    last_good: LastGoodPointer
    quarantine: Quarantine


@dataclass(frozen=True, slots=True)
class Models:
    """The serving model and how it came to serve; `registry` is None where none is followed."""

    settings: Settings
    serving: ServingModel
    first: FirstModel
    registry: Registry | None

    def __str__(self) -> str:
        """The serving model in words, for the line that says what the worker does."""
        current = self.serving.current
        reference = current.classifier.reference
        named = f"{reference.name} {reference.version}"
        if self.registry is None:
            return named
        registry = self.settings.registry
        if self.first.reason is None:
            return f"{named} ({registry.alias} of {registry.model}, version {current.number})"
        return f"{named} (not {registry.alias} of {registry.model}: {self.first.reason})"

    def shadow(self, metrics: ReloadMetrics) -> Shadow | None:
        """Scoring with a challenger; None where no registry could name one."""
        if self.registry is None:
            return None
        share = self.settings.registry.shadow_share
        return Shadow(self.registry.shadow_preparing, share=share, metrics=metrics)

    async def follow(
        self, shadow: Shadow | None, producer: RecordProducer, metrics: ReloadMetrics
    ) -> None:
        """Say what serves; then follow the registry, until cancelled, if there is one."""
        events = ModelEvents(
            producer,
            topic=self.settings.topics.model_events,
            registered_model=self.settings.registry.model if self.registry else None,
        )
        await events.tell(
            ModelEventKind.STARTED,
            serving=self.serving.current.classifier.reference,
            alias=self.settings.registry.alias if self.registry else None,
            version=self.serving.current.number,
            reason=self.first.reason,
        )
        if self.registry is None or shadow is None:
            return
        refusals = Refusals(
            self.registry.quarantine, serving=self.serving, events=events, metrics=metrics
        )
        challenger = ChallengerFollower(
            resolving=self.registry.preparing,
            preparing=self.registry.shadow_preparing,
            serving=self.serving,
            refusals=refusals,
            shadow=shadow,
            events=events,
        )
        follower = Follower(
            registry=self.settings.registry,
            inference=self.settings.inference,
            preparing=self.registry.preparing,
            last_good=self.registry.last_good,
            refusals=refusals,
            serving=self.serving,
            challenger=challenger,
            events=events,
            metrics=metrics,
            reachable=self.first.reachable,
        )
        calls = listen(
            bootstrap_servers(self.settings.kafka),
            aiokafka_options(self.settings.kafka),
            topic=self.settings.topics.model_control,
            look=follower.look_now,
        )
        # Also where it is away: an alert on its age has to fire then, too.
        metrics.looked()
        try:
            async with asyncio.TaskGroup() as tasks:
                for work in (follower.run(), challenger.run(), shadow.run(), calls):
                    tasks.create_task(work)
        except Exception:
            # A fault of ours in here must not wait for the worker's end to be seen.
            log.exception("the registry is no longer followed; the serving model stays")


@asynccontextmanager
async def open_models(settings: Settings) -> AsyncIterator[Models]:
    """The first model, open; every model that served is closed at the end.

    Raises `UserError` where nothing can serve.
    """
    async with AsyncExitStack() as stack:
        address = registry_address(settings.registry)
        if address is None:
            registry = None
            served = Served(await asyncio.to_thread(open_model, settings.inference), None)
            first = FirstModel(served, reason=None, reachable=False)
        else:
            cache = open_cache(settings.registry)
            setup = Setup(tracking_uri=address, model=settings.registry.model, cache=cache.folder)
            preparing, shadow_preparing = (
                Preparing(setup, request_timeout_s=settings.registry.request_timeout_s)
                for _ in ("champion", "challenger")
            )
            for process in (preparing, shadow_preparing):
                stack.push_async_callback(process.close)
            last_good = LastGoodPointer(cache, tracking_uri=address, alias=settings.registry.alias)
            registry = Registry(preparing, shadow_preparing, last_good, Quarantine())
            first = await first_model(settings, preparing, last_good, registry.quarantine)
        serving = ServingModel(first.served)
        # Ends threads that still decide what will be redelivered: they would hold up the exit.
        stack.callback(serving.close)
        yield Models(settings, serving, first, registry)
