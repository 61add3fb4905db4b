"""The compose file's services, run as processes with the same commands and environment.

What only an engine can show (building the image, the network between containers, limits) is
not shown here.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from stream_app.broker.java_runtime import find_java
from stream_app.broker.kafka_jars import kafka_jars
from stream_app.broker.probe import check_answers
from stream_app.errors import Unavailable
from stream_app.local_processes.ports import free_ports
from stream_app.registry.local_server import LocalRegistry
from tests.contract.deploy.files import (
    healthcheck_command,
    mlflow_environment,
    of_image,
    service,
    worker_environment,
)

START_WITHIN_S = 150


def _wait_until(holds: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while not holds():
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"exit code {process.poll()}:\n{log.read_text(errors='replace')[-3_000:]}")
        time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        check_answers(address, timeout_s=2)
    except Unavailable:
        return False
    return True


def _server_properties(environment: dict[str, str], log_dir: Path) -> str:
    """What the image makes of its environment: `KAFKA_NODE_ID` becomes `node.id` and so on.

    Only where things are differs: loopback for the host name of the container, a folder of the
    test for the volume.
    """
    properties = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in environment.items()
        if name.startswith("KAFKA_") and name != "KAFKA_HEAP_OPTS"
    }
    properties["log.dirs"] = str(log_dir)
    return "".join(f"{name}={value}\n" for name, value in properties.items())


@pytest.fixture(scope="module")
def compose_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Kafka configured by the compose file; the address that containers would use."""
    folder = tmp_path_factory.mktemp("kafka")
    environment = service("kafka")["environment"]
    # Other ports than the file's, because those may be taken on this machine.
    host, inner, controller = map(str, free_ports(3))
    moved = json.loads(
        json.dumps(environment)
        .replace(":9092", f":{host}")
        .replace(":19092", f":{inner}")
        .replace(":29093", f":{controller}")
        .replace("://kafka:", "://127.0.0.1:")
        .replace("@kafka:", "@127.0.0.1:")
    )
    properties = folder / "server.properties"
    properties.write_text(_server_properties(moved, folder / "data"))
    java = [
        str(find_java().executable),
        *environment["KAFKA_HEAP_OPTS"].split(),
        *("-cp", f"{kafka_jars(lambda line: None)}/*"),
    ]
    storage = [*java, "kafka.tools.StorageTool", "format"]
    cluster = f"--cluster-id={environment['CLUSTER_ID']}"
    subprocess.run([*storage, cluster, "--config", str(properties)], check=True)
    log = folder / "kafka.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*java, "kafka.Kafka", str(properties)], stdout=output, stderr=output
        ) as process,
    ):
        try:
            _wait_until(lambda: _answers(f"127.0.0.1:{inner}"), process, log)
            assert _answers(f"127.0.0.1:{host}")
            yield f"127.0.0.1:{inner}"
        finally:
            process.kill()


@pytest.mark.kafka
@pytest.mark.model
def test_the_worker_of_the_compose_file_decides_a_ticket_and_stops_in_its_grace_period(
    compose_kafka: str, mlflow_server: LocalRegistry, bundle: Path, tmp_path: Path
) -> None:
    """Without a champion in the registry it serves the bundle of the mounted folder."""
    [port] = free_ports(1)
    environment = worker_environment() | {
        "TICKETS_KAFKA_BOOTSTRAP_SERVERS": compose_kafka,
        "TICKETS_WORKER_PROBE_PORT": str(port),
        "TICKETS_BUNDLE_DIR": str(bundle.parent),
        "TICKETS_REGISTRY_TRACKING_URI": mlflow_server.uri,
        "TICKETS_REGISTRY_CACHE_DIR": str(tmp_path / "models"),
    }
    script = Path(sys.executable).with_name(json.loads(of_image("ENTRYPOINT"))[0])
    log = tmp_path / "worker.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [script, *json.loads(of_image("CMD"))],
            # Nothing but what the container would have.
            env={"PATH": os.environ["PATH"], **environment},
            cwd=tmp_path,
            stdout=output,
            stderr=output,
        ) as worker,
    ):
        try:
            _wait_until(lambda: _healthcheck(environment) == 0, worker, log)
            asyncio.run(_decided(compose_kafka))
            worker.send_signal(signal.SIGTERM)
            grace_s = float(service("worker")["stop_grace_period"].removesuffix("s"))
            assert worker.wait(timeout=grace_s) == 0, log.read_text()
        finally:
            worker.kill()
    assert _healthcheck(environment) != 0


def test_the_registry_of_the_compose_file_answers_by_its_service_name_only(tmp_path: Path) -> None:
    [port] = free_ports(1)
    environment = {
        name: value.replace("/mlflow/", f"{tmp_path}/").replace(":5000", f":{port}")
        for name, value in mlflow_environment().items()
    }
    command = [each.replace("5000", str(port)) for each in json.loads(of_image("CMD", "mlflow"))]
    log = tmp_path / "mlflow.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [Path(sys.executable).with_name("mlflow"), *command],
            # Nothing but what the container would have.
            env={"PATH": os.environ["PATH"], **environment},
            cwd=tmp_path,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as server,
    ):
        try:
            check = [each.replace("5000", str(port)) for each in healthcheck_command("mlflow")[1:]]
            _wait_until(
                lambda: (
                    subprocess.run([sys.executable, *check], capture_output=True).returncode == 0
                ),
                server,
                log,
            )
            assert _status(port, host=f"mlflow:{port}") == HTTPStatus.OK
            assert _status(port, host="elsewhere.example") == HTTPStatus.FORBIDDEN
            assert (tmp_path / "mlflow.db").exists()
        finally:
            os.killpg(server.pid, signal.SIGKILL)


def _status(port: int, *, host: str) -> int:
    """The answer to a question for experiments that was sent to this name."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        path = "/api/2.0/mlflow/experiments/search?max_results=1"
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


def _healthcheck(environment: dict[str, str]) -> int:
    command = [sys.executable, *healthcheck_command()[1:]]
    return subprocess.run(command, env=environment, stderr=subprocess.DEVNULL).returncode


async def _decided(servers: str) -> None:
    """Send one ticket and wait until it stands in the priority queue."""
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        await producer.send_and_wait(
            "tickets.raw", b'{"text": "My card was stolen this morning, block it now!"}', key=b"T-1"
        )
    async with (
        AIOKafkaConsumer(
            "tickets.priority", bootstrap_servers=servers, auto_offset_reset="earliest"
        ) as consumer,
        asyncio.timeout(60),
    ):
        record = await anext(aiter(consumer))
    assert record.key == b"T-1"
