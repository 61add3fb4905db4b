"""`tickets dlq` where the cluster never answers for a consumer group."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from stream_app.broker import ensure_topics
from stream_app.dead_letters import open_redrive_group, redrive_group
from stream_app.errors import Unavailable
from stream_app.settings import TopicSettings
from stream_app.topic_reader import Span
from stream_app.topics import topic_specs
from tests.groupless_kafka import groupless_kafka
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with groupless_kafka(tmp_path_factory.mktemp("groupless")) as address:
        asyncio.run(ensure_topics(address, topic_specs(TopicSettings())))
        yield address


def test_ctrl_c_ends_a_redrive_that_waits(address: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "stream_app", "dlq", "redrive", "--all"],
        env={**os.environ, "TICKETS_KAFKA_BOOTSTRAP_SERVERS": address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        watched = psutil.Process(process.pid)
        wait_until(lambda: len(watched.net_connections("tcp")) >= 2, every_s=0.02)
        asked = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert time.monotonic() - asked < redrive_group.LOADED_WITHIN_S / 2


async def test_waiting_for_the_groups_commits_has_an_end(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redrive_group, "LOADED_WITHIN_S", 1.0)
    async with open_redrive_group(address, {}, "desk") as group:
        with pytest.raises(Unavailable, match=r"no commits of the group desk-redrive in 1 s"):
            await group.load({("tickets.dlq", 0): Span(0, 0)})
