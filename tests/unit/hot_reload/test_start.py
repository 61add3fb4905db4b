"""What serves at the start where the registry does not answer."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stream_app.bundle import read_bundle
from stream_app.hot_reload.cache import BundleCache
from stream_app.hot_reload.calls import Setup
from stream_app.hot_reload.last_good import LastGoodPointer
from stream_app.hot_reload.preparing import Preparing
from stream_app.hot_reload.quarantine import Quarantine
from stream_app.hot_reload.start import FirstModel, first_model
from stream_app.settings import load_settings
from tests.unit.tiny_bundle import write_tiny_bundle

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def pointer(tmp_path: Path) -> LastGoodPointer:
    return LastGoodPointer(BundleCache(tmp_path / "cache"), tracking_uri=NOBODY, alias="champion")


def started(pointer: LastGoodPointer, own: Path) -> FirstModel:
    """The first model of a worker whose settings name the bundle `own`."""

    async def start() -> FirstModel:
        setup = Setup(tracking_uri=NOBODY, model="m", cache=pointer.cache.folder)
        preparing = Preparing(setup, request_timeout_s=1)
        settings = load_settings(inference={"bundle": own})
        try:
            return await first_model(settings, preparing, pointer, Quarantine())
        finally:
            await preparing.close()

    first = asyncio.run(start())
    first.served.classifier.close()
    return first


def test_another_bundle_in_the_place_of_the_last_good_one_does_not_serve(
    pointer: LastGoodPointer, tmp_path: Path
) -> None:
    own = write_tiny_bundle(tmp_path / "own", version="own")
    good = read_bundle(write_tiny_bundle(tmp_path / "good", version="good")).reference.digest
    write_tiny_bundle(pointer.cache.bundle(good), version="foreign")
    pointer.remember(7, good)
    first = started(pointer, own)
    assert first.served.classifier.reference.version == "own"
    assert first.served.number is None
    assert not first.reachable
