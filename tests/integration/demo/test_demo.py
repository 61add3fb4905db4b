"""The command as a person runs it, on real Kafka with a real worker and model."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from stream_app.broker import Broker
from stream_app.demo.arrivals import Kind, arrivals, broken_records
from stream_app.demo.models import FIRST, SECOND
from tests.integration.commands.conftest import wait_for_line
from tests.registered import variant

pytestmark = [pytest.mark.kafka, pytest.mark.model]

TIMEOUT_S = 180

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path, kafka: Broker) -> Iterator[Start]:
    """Starts a demo with a temporary folder of its own; by default on the tests' broker."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, own_broker: bool = False) -> subprocess.Popen[bytes]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TICKETS_", "KAFKA_"))
        }
        (tmp_path / "temporary").mkdir(exist_ok=True)
        environment |= {
            "TMPDIR": str(tmp_path / "temporary"),
            "TICKETS_BUNDLE_DIR": str(tmp_path / "bundles"),
        }
        if not own_broker:
            environment["KAFKA_BOOTSTRAP_SERVERS"] = kafka.bootstrap_servers
        process = subprocess.Popen(
            [sys.executable, "-m", "stream_app", "demo", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            for child in descendants(process):
                child.kill()
            process.kill()
        process.communicate()


def descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    children: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return children


def left_over(processes: list[psutil.Process]) -> list[psutil.Process]:
    alive: list[psutil.Process]
    _, alive = psutil.wait_procs(processes, timeout=5)
    return alive


def topics_of(broker: Broker) -> set[str]:
    """Without Kafka's own."""

    async def read() -> set[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
        await admin.start()
        try:
            return {name for name in await admin.list_topics() if not name.startswith("__")}
        finally:
            await admin.close()

    return asyncio.run(read())


def test_everything_sent_ends_in_one_queue_and_somebody_elses_topics_stay_as_they_were(
    start: Start, bundle: Path, kafka: Broker
) -> None:
    topics_before = topics_of(kafka)
    process = start("--json", "--rate", "0", "--bundle", str(bundle))

    stdout, stderr = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 0, stderr.decode()
    report = json.loads(stdout)
    sent = len(arrivals())
    assert report["conserved"] is True
    assert report["sent"] == sent == sum(report["routed"].values()) + report["dead_lettered"]
    assert (report["lost"], report["duplicates"], report["unexpected"]) == (0, 0, 0)
    assert report["dead_lettered"] == report["dead_letters_intact"] == len(broken_records())
    assert report["by_kind"][Kind.URGENT]["as_meant"] >= 0.6 * report["by_kind"]["urgent"]["sent"]
    [use] = report["models"]
    assert use["model"]["name"] == json.loads((bundle / "manifest.json").read_text())["name"]
    assert report["changes"] == []
    assert report["trained"] is False
    assert stderr.count(b" no rule fired, sure enough\n") == report["routed"]["standard"]
    # A pipe may be kept: it gets no word of a customer's.
    assert b"stolen" in stderr
    assert b"MY BAG WAS STOLEN" not in stderr + stdout
    assert topics_of(kafka) == topics_before


def test_a_second_model_is_promoted_while_the_tickets_flow(
    start: Start, bundle: Path, tmp_path: Path
) -> None:
    # Both are in the store already, as after an earlier demo: nothing is trained.
    store = tmp_path / "bundles"
    for name in (FIRST, SECOND):
        variant(bundle, store, version=name, name=name)
    process = start("--json")

    stdout, stderr = process.communicate(timeout=2 * TIMEOUT_S)

    assert process.returncode == 0, stderr.decode()
    report = json.loads(stdout)
    assert report["conserved"] is True
    assert [use["model"]["name"] for use in report["models"]] == [FIRST, SECOND], stderr.decode()
    assert sum(use["decided"] for use in report["models"]) == sum(report["routed"].values())
    [change] = report["changes"]
    assert change["model"]["name"] == SECOND
    assert b"passed the gate and is the champion" in stderr
    assert list(tmp_path.glob("temporary/ticket*")) == []


def test_for_people_the_balance_and_the_next_commands_are_printed(
    start: Start, bundle: Path
) -> None:
    process = start("--rate", "0", "--tickets", "15", "--bundle", str(bundle))

    stdout, _ = process.communicate(timeout=TIMEOUT_S)

    sent = 15 + len(broken_records())
    text = stdout.decode()
    assert process.returncode == 0
    assert f"{sent} sent and {sent} accounted for: nothing lost" in text
    assert "nothing twice" in text
    assert f"14 of {len(broken_records())} dead letters are byte for byte" in text
    assert f'classify "My bag and card are gone" --bundle {bundle}' in text


@pytest.mark.parametrize(
    ("moment", "trains", "own_broker"),
    [
        pytest.param(b"looking for one", True, True, id="broker-start"),
        pytest.param(b"tickets.raw", True, True, id="training"),
        pytest.param(b"opening the model", False, True, id="worker-start"),
        pytest.param(b"no rule fired", False, True, id="streaming"),
        pytest.param(b"no rule fired", False, False, id="streaming-on-an-external-broker"),
    ],
)
def test_ctrl_c_leaves_no_process_no_file_and_no_topic(
    start: Start,
    bundle: Path,
    kafka: Broker,
    tmp_path: Path,
    moment: bytes,
    trains: bool,
    own_broker: bool,
) -> None:
    topics_before = topics_of(kafka)
    process = start(*([] if trains else ["--bundle", str(bundle)]), own_broker=own_broker)
    wait_for_line(process, moment)
    children = descendants(process)
    assert children

    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)

    assert process.returncode == 130
    assert stderr.decode().splitlines()[-1].startswith("interrupted: ")
    assert b"Traceback" not in stderr
    assert stdout == b""
    assert left_over(children) == []
    # Ours all begin like this; ONNX Runtime and Faust leave small traces of their own.
    assert list(tmp_path.glob("temporary/ticket*")) == []
    assert list(tmp_path.glob("bundles/.*")) == [], "a half-written bundle"
    assert topics_of(kafka) == topics_before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_closed_terminal_leaves_nothing_either(
    start: Start, bundle: Path, number: signal.Signals
) -> None:
    process = start("--bundle", str(bundle))
    wait_for_line(process, b"no rule fired")
    children = descendants(process)

    process.send_signal(number)
    process.communicate(timeout=60)

    assert process.returncode == 130
    assert left_over(children) == []


def test_a_worker_that_dies_in_mid_stream_is_told_and_nothing_is_left(
    start: Start, bundle: Path
) -> None:
    process = start("--bundle", str(bundle))
    wait_for_line(process, b"no rule fired")
    children = descendants(process)
    [worker] = [child for child in children if "worker" in child.cmdline()]

    worker.kill()
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 3
    assert stderr.decode().splitlines()[-1].startswith("error: the worker ended in mid-stream")
    assert left_over(children) == []


def test_a_bundle_that_must_not_serve_is_one_line_before_anything_starts(
    start: Start, tmp_path: Path
) -> None:
    process = start("--bundle", str(tmp_path))

    _, stderr = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 3
    [line] = stderr.decode().splitlines()
    assert line.startswith("error: bundle ")


def test_a_training_that_fails_is_told_in_its_own_words(start: Start, tmp_path: Path) -> None:
    blocked = tmp_path / "bundles"
    blocked.write_text("a file where the folder of bundles should be")

    process = start()
    _, stderr = process.communicate(timeout=TIMEOUT_S)

    assert process.returncode == 3
    last = stderr.decode().splitlines()[-1]
    assert last.startswith(f"error: the training failed: cannot write to {blocked}")
