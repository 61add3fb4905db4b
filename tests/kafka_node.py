"""Runs one Kafka node with any settings; what they are is for its callers to say."""

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
from stream_app.errors import Unavailable
from stream_app.local_processes.guarded_process import GuardedProcess
from tests.waiting import wait_until


@contextmanager
def kafka_node(
    folder: Path, server_properties: str, *, address: str, format_options: tuple[str, ...] = ()
) -> Iterator[None]:
    """A node that answers at `address` while the block runs; settings and log lie in `folder`."""
    java, jars = find_java(), kafka_jars(lambda line: None)
    properties = folder / "server.properties"
    properties.write_text(server_properties)
    command = [str(java.executable), *JVM_OPTIONS, "-cp", f"{jars}/*"]
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    format_storage = [
        *(*command, "kafka.tools.StorageTool", "format"),
        f"--cluster-id={cluster_id}",
        *("--config", str(properties)),
        *format_options,
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
        yield
    finally:
        process.stop(keep=True)
