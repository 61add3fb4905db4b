from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer

from stream_app.broker import Broker, TopicSpec, ensure_topics, find_broker
from tests.integration.broker.messages import read_first, send
from tests.unit.local_processes.processes import running_with
from tests.waiting import wait_until


@pytest.fixture
def mock() -> Iterator[Broker]:
    with find_broker(only="mock") as broker:
        yield broker


async def test_what_is_sent_is_read_and_committed(mock: Broker) -> None:
    specs = [TopicSpec("raw", 4, -1), TopicSpec("out", 4, -1)]
    assert await ensure_topics(mock.bootstrap_servers, specs) == ["raw", "out"]
    assert await ensure_topics(mock.bootstrap_servers, specs) == []
    await send(mock.bootstrap_servers, "raw", [b"a", b"b", b"c"])
    assert await read_first(mock.bootstrap_servers, "raw", 3) == [b"a", b"b", b"c"]

    consumer = AIOKafkaConsumer(
        "raw",
        bootstrap_servers=mock.bootstrap_servers,
        group_id="group",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    for _ in range(3):
        await consumer.getone()
    await consumer.commit()
    committed = [await consumer.committed(partition) for partition in consumer.assignment()]
    await consumer.stop()
    assert sum(offset or 0 for offset in committed) == 3


def test_the_mock_does_not_outlive_a_parent_that_is_killed() -> None:
    script = (
        "import time\n"
        "from stream_app.broker import find_broker\n"
        "broker = find_broker(only='mock')\n"
        "print(broker.bootstrap_servers, flush=True)\n"
        "time.sleep(300)\n"
    )
    before = {process.pid for process in running_with("mock_server.py")}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline().startswith("127.0.0.1:")
        (server,) = [
            process for process in running_with("mock_server.py") if process.pid not in before
        ]
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: server.pid not in {each.pid for each in running_with("mock_server.py")})
