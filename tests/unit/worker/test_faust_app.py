"""How the Faust application is set up."""

from __future__ import annotations

import pytest

from stream_app.settings import load_settings
from stream_app.worker.faust_app import build_app

pytestmark = pytest.mark.usefixtures("own_broker_only")


async def test_a_silent_worker_is_missed_after_the_session_timeout_and_not_before() -> None:
    settings = load_settings(
        kafka={"bootstrap_servers": "127.0.0.1:9"}, worker={"session_timeout_s": 6}
    )

    async def submit(batch: object) -> None:
        raise AssertionError(batch)

    app, _ = build_app(settings, submit)
    assert app.conf.broker_session_timeout == 6
    # Several heartbeats may be lost before it ends.
    assert app.conf.broker_heartbeat_interval < 6 / 3
