"""Whose fault it is that the preparing process ended."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import psutil
import pytest

from stream_app.bundle import BundleError
from stream_app.errors import Unavailable
from stream_app.hot_reload.calls import Setup
from stream_app.hot_reload.preparing import Preparing
from tests.unit.tiny_bundle import write_tiny_bundle


def ends_while_trying_out(bundle: Path, by: signal.Signals) -> Unavailable:
    """What is told of a bundle during whose trial the process gets this signal."""

    async def scenario() -> Unavailable:
        setup = Setup(tracking_uri="http://127.0.0.1:9", model="m", cache=bundle.parent)
        others = set(psutil.Process().children())
        preparing = Preparing(setup, request_timeout_s=1)
        try:
            await preparing.check(bundle)
            (process,) = set(psutil.Process().children()) - others
            # It stands still, so that it cannot answer before the signal.
            process.suspend()
            trial = asyncio.create_task(preparing.check(bundle))
            await asyncio.sleep(0)
            process.send_signal(by)
            process.resume()
            with pytest.raises(Unavailable) as raised:
                await trial
            return raised.value
        finally:
            await preparing.close()

    return asyncio.run(scenario())


def test_a_process_that_was_killed_says_nothing_of_the_bundle(tmp_path: Path) -> None:
    told = ends_while_trying_out(write_tiny_bundle(tmp_path / "tiny"), signal.SIGKILL)
    assert not isinstance(told, BundleError)
    assert "was killed" in told.message


def test_a_process_that_crashed_was_crashed_by_the_bundle(tmp_path: Path) -> None:
    told = ends_while_trying_out(write_tiny_bundle(tmp_path / "tiny"), signal.SIGSEGV)
    assert isinstance(told, BundleError)
    assert "exit code -11" in told.message
