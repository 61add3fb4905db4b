"""Fetches a version's bundle and refuses one of other intents than those that serve."""

from __future__ import annotations

from stream_app.bundle import Bundle, BundleError
from stream_app.hot_reload.opening import read_beside
from stream_app.hot_reload.preparing import Preparing
from stream_app.hot_reload.serving import Served
from stream_app.registry.version import RegisteredVersion


async def fetch_fitting(
    preparing: Preparing, version: RegisteredVersion, serving: Served
) -> Bundle:
    """The version's bundle, read and of the intents that serve.

    Any intents fit where what serves is no version of the registry: it stands in for the one that
    could not be had at the start.

    Raises `BundleError` and `Unavailable` as `Preparing.fetch` does.
    """
    bundle = await read_beside(await preparing.fetch(version))
    intents, served = {label.intent for label in bundle.labels}, serving.classifier.intents
    if serving.number is not None and intents != served:
        raise BundleError(
            f"version {version.number} has other intents than the serving model "
            f"({len(intents - served)} new, {len(served - intents)} missing); "
            "workers take it at their next start"
        )
    return bundle
