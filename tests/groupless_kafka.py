"""A Kafka that has no place for the offsets of consumer groups: they want more brokers than it has.

What a cluster of one node does with Kafka's own defaults.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_app.broker.java_runtime import find_java
from stream_app.broker.kafka_jars import kafka_jars
from stream_app.broker.local_kafka import JVM_OPTIONS
from stream_app.broker.probe import check_answers
from stream_app.broker.server_properties import server_properties
from stream_app.errors import Unavailable
from stream_app.local_processes.guarded_process import GuardedProcess
from stream_app.local_processes.ports import LOOPBACK, free_ports
from tests.waiting import wait_until


@contextmanager
def groupless_kafka(folder: Path) -> Iterator[str]:
    """Its address, while the block runs; data and log lie in `folder`."""
    java, jars = find_java(), kafka_jars(lambda line: None)
    port, controller_port = free_ports(2)
    address = f"{LOOPBACK}:{port}"
    properties = folder / "server.properties"
    properties.write_text(
        server_properties(
            port=port, controller_port=controller_port, log_dir=folder / "data"
        ).replace("offsets.topic.replication.factor=1\n", "offsets.topic.replication.factor=3\n")
    )
    command = [str(java.executable), *JVM_OPTIONS, "-cp", f"{jars}/*"]
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    format_storage = [
        *(*command, "kafka.tools.StorageTool", "format"),
        f"--cluster-id={cluster_id}",
        *("--config", str(properties)),
    ]
    process = GuardedProcess(
        [format_storage, [*command, "kafka.Kafka", str(properties)]], log=folder / "kafka.log"
    )

    def answers() -> bool:
        assert process.running, (folder / "kafka.log").read_text()[-3_000:]
        try:
            check_answers(address, timeout_s=2)
        except Unavailable:
            return False
        return True

    try:
        wait_until(answers)
        yield address
    finally:
        process.stop(keep=True)
