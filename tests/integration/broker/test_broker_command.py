from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.broker import TopicSpec, ensure_topics
from stream_app.errors import Unavailable
from stream_app.topics import topic_specs
from tests.unit.local_processes.processes import running_with
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.kafka


def broker_command(*options: str, temporary: Path) -> subprocess.Popen[str]:
    """`tickets broker` with its temporary files in `temporary`."""
    environment = {**os.environ, "TMPDIR": str(temporary)}
    environment.pop("KAFKA_BOOTSTRAP_SERVERS", None)
    return subprocess.Popen(
        [sys.executable, "-m", "stream_app", "broker", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def wait_until_gone(temporary: Path) -> None:
    """Kafka's guard ends the server and deletes its folder just after the command has ended."""
    wait_until(lambda: not running_with(str(temporary)) and not any(temporary.iterdir()))


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_it_announces_the_broker_and_stops_all_of_it_on_a_signal(
    tmp_path: Path, order: signal.Signals
) -> None:
    process = broker_command("--only", "java", "--json", temporary=tmp_path)
    assert process.stdout is not None
    announced = json.loads(process.stdout.readline())
    assert announced.keys() == {"kind", "bootstrap_servers", "description"}
    assert announced["kind"] == "java"
    assert running_with(str(tmp_path), program="java") != []
    missing = asyncio.run(ensure_topics(announced["bootstrap_servers"], topic_specs()))
    assert missing == []

    process.send_signal(order)
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert output == ""
    assert "Traceback" not in errors
    wait_until_gone(tmp_path)


def test_a_signal_while_kafka_starts_leaves_nothing(tmp_path: Path) -> None:
    process = broker_command("--only", "java", temporary=tmp_path)
    assert process.stderr is not None
    while "starting Apache Kafka" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert output == ""
    assert "Traceback" not in errors
    wait_until_gone(tmp_path)


def test_the_address_alone_is_on_standard_output(tmp_path: Path) -> None:
    process = broker_command("--only", "mock", temporary=tmp_path)
    assert process.stdout is not None
    host, port = process.stdout.readline().strip().split(":")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE_S)
    assert (host, port.isdigit(), output, process.returncode) == ("127.0.0.1", True, "", 0)
    assert "MOCK" in errors


def test_a_broker_that_dies_ends_the_command_with_an_error(tmp_path: Path) -> None:
    process = broker_command("--only", "java", temporary=tmp_path)
    assert process.stdout is not None
    process.stdout.readline()
    for server in running_with(str(tmp_path), program="java"):
        server.kill()
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert "ended by itself" in errors
    wait_until_gone(tmp_path)


def test_the_end_of_a_broker_tells_the_reason_that_its_log_has(tmp_path: Path) -> None:
    process = broker_command("--only", "java", temporary=tmp_path)
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    [folder] = tmp_path.glob("ticket-stream-kafka-*")
    (folder / "data").rename(tmp_path / "taken-away")
    # It notices when it is to write something new, before or after it has answered.
    with contextlib.suppress(Unavailable):
        asyncio.run(ensure_topics(address, [TopicSpec("new", 1)]))

    _, errors = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 3
    [told] = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert f"the broker at {address} ended by itself: " in told
    assert re.search(r"Exception|ERROR", told)
