from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient

from stream_app.broker import RestartableBroker, TopicSpec, ensure_topics, find_broker
from stream_app.errors import Unavailable, UserError
from tests.integration.broker.messages import read_first, send
from tests.unit.local_processes.processes import running_with
from tests.waiting import wait_until

pytestmark = pytest.mark.kafka

VALUES = [f"ticket {number}".encode() for number in range(100)]


@pytest.fixture
async def topic(local_kafka: RestartableBroker) -> str:
    name = f"t{uuid.uuid4().hex[:8]}"
    spec = TopicSpec(name, partitions=4)
    assert await ensure_topics(local_kafka.bootstrap_servers, [spec]) == [name]
    return name


async def test_what_is_sent_is_read(local_kafka: RestartableBroker, topic: str) -> None:
    await send(local_kafka.bootstrap_servers, topic, VALUES)
    assert await read_first(local_kafka.bootstrap_servers, topic, len(VALUES)) == sorted(VALUES)


async def test_a_record_of_ten_megabytes_passes(local_kafka: RestartableBroker, topic: str) -> None:
    large = b"x" * 10 * 1024 * 1024
    await send(local_kafka.bootstrap_servers, topic, [large])
    assert await read_first(local_kafka.bootstrap_servers, topic, 1) == [large]


async def test_topics_that_exist_are_left_as_they_are(
    local_kafka: RestartableBroker, topic: str
) -> None:
    new = f"{topic}.new"
    wished = [TopicSpec(topic, 8), TopicSpec(new, 2, -1, {"retention.ms": "1000"})]
    assert await ensure_topics(local_kafka.bootstrap_servers, wished) == [new]
    assert await ensure_topics(local_kafka.bootstrap_servers, wished) == []
    admin = AIOKafkaAdminClient(bootstrap_servers=local_kafka.bootstrap_servers)
    await admin.start()
    described = await admin.describe_topics([topic, new])
    await admin.close()
    assert {each["topic"]: len(each["partitions"]) for each in described} == {topic: 4, new: 2}


async def test_two_that_create_the_same_topics_at_once_both_succeed(
    local_kafka: RestartableBroker,
) -> None:
    specs = [TopicSpec(f"t{uuid.uuid4().hex[:8]}", 2) for _ in range(5)]
    first, second = await asyncio.gather(
        ensure_topics(local_kafka.bootstrap_servers, specs),
        ensure_topics(local_kafka.bootstrap_servers, specs),
    )
    assert sorted(first + second) == sorted(spec.name for spec in specs)


async def test_a_topic_that_the_broker_refuses_is_one_clear_line(
    local_kafka: RestartableBroker,
) -> None:
    with pytest.raises(Unavailable, match=r"refuses to create topic too-many: .*replica"):
        await ensure_topics(local_kafka.bootstrap_servers, [TopicSpec("too-many", 1, 3)])


async def test_a_broker_that_is_named_is_taken_and_left_running(
    local_kafka: RestartableBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", local_kafka.bootstrap_servers)
    with find_broker() as broker:
        assert broker.kind == "external"
        assert broker.bootstrap_servers == local_kafka.bootstrap_servers
        assert not isinstance(broker, RestartableBroker)
    await send(local_kafka.bootstrap_servers, topic, VALUES)


async def test_members_join_and_leave_a_group_without_delay(
    local_kafka: RestartableBroker, topic: str
) -> None:
    def member() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            topic,
            bootstrap_servers=local_kafka.bootstrap_servers,
            group_id=f"group-{topic}",
            session_timeout_ms=3_000,
            heartbeat_interval_ms=200,
        )

    async def holds(consumer: AIOKafkaConsumer, partitions: int) -> None:
        async with asyncio.timeout(10):
            while len(consumer.assignment()) != partitions:
                await consumer.getmany(timeout_ms=50)

    first, second = member(), member()
    await first.start()
    await holds(first, 4)
    await second.start()
    await asyncio.gather(holds(first, 2), holds(second, 2))
    await second.stop()
    await holds(first, 4)
    await first.stop()


async def test_a_restart_keeps_the_address_and_the_records(
    local_kafka: RestartableBroker, topic: str
) -> None:
    await send(local_kafka.bootstrap_servers, topic, VALUES)
    before = local_kafka.bootstrap_servers
    await asyncio.to_thread(local_kafka.restart)
    assert local_kafka.bootstrap_servers == before
    assert await read_first(before, topic, len(VALUES)) == sorted(VALUES)


async def test_a_kill_keeps_the_records_that_were_confirmed(
    local_kafka: RestartableBroker, topic: str
) -> None:
    await send(local_kafka.bootstrap_servers, topic, VALUES)
    local_kafka.kill()
    with pytest.raises(Unavailable):
        await ensure_topics(local_kafka.bootstrap_servers, [TopicSpec("unreachable", 1)])
    await asyncio.to_thread(local_kafka.start)
    assert await read_first(local_kafka.bootstrap_servers, topic, len(VALUES)) == sorted(VALUES)


def test_data_that_are_another_brokers_are_refused_with_kafkas_own_reason(tmp_path: Path) -> None:
    meta = tmp_path / "data" / "meta.properties"
    meta.parent.mkdir()
    meta.write_text("version=1\nnode.id=7\ncluster.id=MkU3OEVBNTcwNTJENDM2Qg\n", encoding="utf-8")
    with pytest.raises(Unavailable, match=r"Apache Kafka ended while starting: .*node id 7"):
        find_broker(only="java", data_dir=tmp_path)
    assert meta.exists()
    assert running_with(str(tmp_path)) == []


async def test_a_data_folder_serves_one_broker_and_keeps_the_records_for_the_next(
    tmp_path: Path,
) -> None:
    with await asyncio.to_thread(find_broker, only="java", data_dir=tmp_path) as broker:
        with pytest.raises(UserError, match=f"data folder {tmp_path} is in use by another broker"):
            await asyncio.to_thread(find_broker, only="java", data_dir=tmp_path)
        await ensure_topics(broker.bootstrap_servers, [TopicSpec("kept", 1)])
        await send(broker.bootstrap_servers, "kept", VALUES)
    with await asyncio.to_thread(find_broker, only="java", data_dir=tmp_path) as broker:
        assert await read_first(broker.bootstrap_servers, "kept", 100) == sorted(VALUES)


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(UserError) as raised:
            find_broker(only="java", port=port)
    assert raised.value.message == (
        f"port {port} on 127.0.0.1 is taken: stop what listens there or choose another port"
    )


def test_a_data_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"data folder .*file cannot be made \(.*\): choose"):
        find_broker(only="java", data_dir=tmp_path / "file")


@pytest.mark.parametrize("moment", ["while it starts", "when it is up"])
def test_neither_kafka_nor_its_data_outlive_a_parent_that_is_killed(
    tmp_path: Path, moment: str
) -> None:
    script = (
        "import time\n"
        "from stream_app.broker import find_broker\n"
        "broker = find_broker(only='java', on_progress=lambda line: print(line, flush=True))\n"
        "time.sleep(300)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as parent:
        assert parent.stdout is not None
        awaited = "starting Apache Kafka" if moment == "while it starts" else "broker at"
        while awaited not in parent.stdout.readline():
            pass
        wait_until(lambda: running_with(str(tmp_path), program="java") != [])
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: running_with(str(tmp_path)) == [])
    wait_until(lambda: list(tmp_path.iterdir()) == [])
