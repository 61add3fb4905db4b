"""A Kafka that has no place for the offsets of consumer groups: they want more brokers than it has.

What a cluster of one node does with Kafka's own defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream_app.broker.server_properties import server_properties
from stream_app.local_processes.ports import LOOPBACK, free_ports
from tests.kafka_node import kafka_node


@contextmanager
def groupless_kafka(folder: Path) -> Iterator[str]:
    """Its address, while the block runs; data and log lie in `folder`."""
    port, controller_port = free_ports(2)
    address = f"{LOOPBACK}:{port}"
    properties = server_properties(
        port=port, controller_port=controller_port, log_dir=folder / "data"
    ).replace("offsets.topic.replication.factor=1\n", "offsets.topic.replication.factor=3\n")
    with kafka_node(folder, properties, address=address):
        yield address
