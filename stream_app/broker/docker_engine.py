"""Kafka in a container, through testcontainers; leaves the engine and its images alone.

The container is removed by testcontainers' reaper where this process is killed.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from stream_app.broker.contract import Broker, Kind, NotHere, Wishes
from stream_app.broker.probe import check_answers
from stream_app.broker.server_properties import ONE_NODE
from stream_app.errors import UserError
from stream_app.local_processes.ports import LOOPBACK, is_free

if TYPE_CHECKING:
    from testcontainers.community.kafka import KafkaContainer

IMAGE = "confluentinc/cp-kafka:7.9.2"
"""Kafka 3.9. testcontainers' `KafkaContainer` runs scripts that only Confluent's images have."""
PING_WITHIN_S = 3
START_WITHIN_S = 120


class DockerBroker(Broker):
    """A running `KafkaContainer`."""

    kind: Kind = "docker"

    def __init__(self, container: KafkaContainer, why: str) -> None:
        self._container = container
        self.bootstrap_servers: str = container.get_bootstrap_server()
        self.description = f"Kafka in a Docker container ({IMAGE}), gone when it stops{why}"

    def stop(self) -> None:
        """Stop and remove the container with its data."""
        self._container.stop()


def start_container(wishes: Wishes) -> Broker:
    """Start Kafka in a container and return it when it answers.

    Raises `NotHere` where testcontainers is missing, no engine answers, the container does not
    start, or kept data were asked for; `UserError` where the port is taken.
    """
    if wishes.data_dir is not None:
        raise NotHere("a container keeps no data")
    if importlib.util.find_spec("testcontainers") is None:
        raise NotHere(
            "Docker needs testcontainers (pip install '.[broker]' in a checkout of ticket-stream)"
        )
    from docker.errors import DockerException  # type: ignore[import-untyped]
    from requests.exceptions import RequestException
    from testcontainers.community.kafka import KafkaContainer
    from testcontainers.core.docker_client import DockerClient
    from testcontainers.core.exceptions import ContainerStartException

    try:
        DockerClient(timeout=PING_WITHIN_S).client.ping()
    except (DockerException, RequestException) as error:
        raise NotHere("no Docker engine answers") from error
    if wishes.port is not None and not is_free(wishes.port):
        raise UserError(
            f"port {wishes.port} on {LOOPBACK} is taken: "
            "stop what listens there or choose another port"
        )
    container = KafkaContainer(IMAGE).with_kraft()
    for name, value in ONE_NODE.items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    if wishes.port is not None:
        container.with_bind_ports(container.port, wishes.port)
    wishes.on_progress(f"starting {IMAGE} in Docker (the first time, its image is downloaded)")
    try:
        container.start(timeout=START_WITHIN_S)
    except (DockerException, RequestException, ContainerStartException, TimeoutError) as error:
        container.stop()
        raise NotHere(f"Docker cannot start {IMAGE} ({str(error).splitlines()[0]})") from error
    except BaseException:
        container.stop()
        raise
    broker = DockerBroker(container, wishes.why)
    check_answers(broker.bootstrap_servers, timeout_s=PING_WITHIN_S)
    return broker
