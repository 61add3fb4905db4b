"""The first model of a worker: the registry's, else the last good one here, else a folder's."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from stream_app.bundle import BundleError, read_bundle
from stream_app.errors import Unavailable
from stream_app.hot_reload.last_good import LastGoodPointer
from stream_app.hot_reload.preparing import Preparing
from stream_app.hot_reload.quarantine import Quarantine
from stream_app.hot_reload.serving import Served
from stream_app.local_triage import open_bundle, open_model
from stream_app.registry.version import RegisteredVersion
from stream_app.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FirstModel:
    """What serves at the start.

    `reason` says why it is not what the registry's alias points at; None where it is.
    `reachable`: the registry answered.
    """

    served: Served
    reason: str | None
    reachable: bool


async def first_model(
    settings: Settings, preparing: Preparing, last_good: LastGoodPointer, quarantine: Quarantine
) -> FirstModel:
    """Open the alias' version; without it the last good one, then the settings' bundle.

    A version that must not serve goes to quarantine. Raises `Unavailable` where nothing can serve,
    with both reasons.
    """
    registry = settings.registry
    reachable = True
    version: RegisteredVersion | None = None
    try:
        version = await preparing.resolve(registry.alias)
        if version is None:
            reason = f"{registry.model} has no version with the alias {registry.alias}"
        else:
            served = await _open(settings, preparing, version)
            await asyncio.to_thread(
                last_good.settle, version.number, served.digest, in_use=[served.digest]
            )
            return FirstModel(served, None, reachable)
    except BundleError as error:
        if version is not None:
            quarantine.put(version, error.message)
        reason = error.message
    except Unavailable as error:
        reachable = False
        reason = error.message
    log.warning("%s", reason)
    try:
        served = await asyncio.to_thread(_without_registry, settings, last_good)
    except Unavailable as error:
        raise Unavailable(f"{reason}; and without the registry: {error.message}") from error
    return FirstModel(served, reason, reachable)


async def _open(settings: Settings, preparing: Preparing, version: RegisteredVersion) -> Served:
    folder = await preparing.fetch(version)
    await preparing.check(folder)
    classifier = await asyncio.to_thread(
        lambda: open_bundle(read_bundle(folder), settings.inference)
    )
    return Served(classifier, version.number)


def _without_registry(settings: Settings, last_good: LastGoodPointer) -> Served:
    last = last_good.read()
    if last is not None:
        try:
            bundle = last_good.cache.read(last.digest)
            return Served(open_bundle(bundle, settings.inference), last.number)
        except Unavailable as error:
            log.warning("the last good bundle cannot serve: %s", error.message)
    return Served(open_model(settings.inference), None)
