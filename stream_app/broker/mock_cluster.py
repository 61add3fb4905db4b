"""librdkafka's mock cluster in a child process: the last resort, for a look only.

It holds everything in memory, in one process. Groups of one member, idempotent producers and
commits work; groups of two or more, transactions and messages after its end do not. Topics get
four partitions when they are first asked for, whatever was wished.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

from stream_app.broker.contract import Broker, Kind, NotHere, Wishes
from stream_app.errors import Unavailable

SERVER = Path(__file__).with_name("mock_server.py")


class MockBroker(Broker):
    """The child process that holds the mock cluster; it ends with this process."""

    kind: Kind = "mock"

    def __init__(self, why: str) -> None:
        self._server = subprocess.Popen(
            # -P: this folder must not shadow other packages in the child.
            [sys.executable, "-P", str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._server.stdout is not None  # noqa: S101 - it was asked for above
        self.bootstrap_servers = self._server.stdout.readline().strip()
        self.description = (
            "librdkafka's MOCK cluster: in memory, a single process, gone when it stops, "
            f"for a look only and not a real Kafka{why}"
        )

    def stop(self) -> None:
        """End the child process and all that it held."""
        # Closes its standard input, which is its order to end.
        self._server.communicate()

    def wait(self) -> str:
        """Block until the child process ends by itself."""
        return f"its process ended with {self._server.wait()}"


def start_mock_cluster(wishes: Wishes) -> Broker:
    """Start the mock cluster.

    Raises `NotHere` where confluent-kafka is missing or where a fixed port or kept data were
    asked for, which the mock cannot give, and `Unavailable` where it does not start.
    """
    if wishes.port is not None or wishes.data_dir is not None:
        raise NotHere("the mock cluster takes no port and keeps no data")
    if importlib.util.find_spec("confluent_kafka") is None:
        raise NotHere(
            "the mock cluster needs confluent-kafka "
            "(pip install '.[broker]' in a checkout of ticket-stream)"
        )
    broker = MockBroker(wishes.why)
    if not broker.bootstrap_servers:
        broker.stop()
        raise Unavailable("librdkafka's mock cluster did not start")
    return broker
