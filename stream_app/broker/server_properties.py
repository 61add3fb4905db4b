"""The settings of a one-node broker on this machine; pure, writes no file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stream_app.local_processes.ports import LOOPBACK

LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024
"""Room for the largest ticket that somebody sends by mistake, so that it can be dead-lettered."""

ONE_NODE: Mapping[str, str] = {
    # One broker can hold one replica; Kafka's own topics ask for three by default.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # A first group member need not wait for others: on one machine they start together or later.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "500",
    # A killed broker may come back once its old session has ended; the default is 9 s.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # A misspelt topic is an error instead of a new topic that nobody reads.
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(LARGEST_MESSAGE_BYTES),
    "replica.fetch.max.bytes": str(LARGEST_MESSAGE_BYTES),
    # The log cleaner's default of 128 MiB would be a quarter of the heap.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
}
"""What differs from Kafka's defaults for one small broker, wherever it runs."""


def server_properties(*, port: int, controller_port: int, log_dir: Path) -> str:
    """The text of `server.properties` for a combined broker and controller in KRaft mode.

    Names follow Kafka's broker configuration reference. The quorum is given as static voters
    because those may change ports between two runs on the same data.
    """
    where = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        # Properties files read a backslash as an escape.
        "log.dirs": str(log_dir).replace("\\", "\\\\"),
    }
    return "".join(f"{name}={value}\n" for name, value in {**where, **ONE_NODE}.items())
