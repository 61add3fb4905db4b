"""Owns the order in which a broker is looked for; knows nothing of how each one is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stream_app.broker.contract import Broker, Kind, NotHere, Wishes
from stream_app.broker.docker_engine import start_container
from stream_app.broker.external import use_external
from stream_app.broker.local_kafka import start_local_kafka
from stream_app.broker.mock_cluster import start_mock_cluster
from stream_app.errors import Unavailable


def _ignore(_line: str) -> None:
    """Takes progress lines that nobody wants to see."""


def find_broker(
    *,
    on_progress: Callable[[str], None] = _ignore,
    data_dir: Path | None = None,
    port: int | None = None,
    only: Kind | None = None,
    kafka_security: Mapping[str, Any] = {},
) -> Broker:
    """Find a Kafka broker or start one, and return it when it answers.

    The order is: `KAFKA_BOOTSTRAP_SERVERS`, a Docker engine, Apache Kafka on the local Java,
    librdkafka's mock cluster. A kind that cannot be had here is passed over and its reason is
    told; a kind that can be had and then fails is an error, not a reason to go on.

    Blocks for seconds, for minutes where jars or an image are downloaded: call it through
    `asyncio.to_thread` from a coroutine.

    Args:
        on_progress: takes one line per step, for a person.
        data_dir: folder that keeps the broker's data; a temporary one, deleted on stop, if None.
        port: the port clients connect to; a free one if None.
        only: take this kind or fail.
        kafka_security: aiokafka's connection keywords for `KAFKA_BOOTSTRAP_SERVERS`.

    Raises:
        Unavailable: no broker can be had, or the one taken does not answer.
        UserError: `port` is taken, or an option does not fit the broker that was found.
    """
    starters: dict[Kind, Callable[[Wishes], Broker]] = {
        "external": lambda wishes: use_external(wishes, kafka_security),
        "docker": start_container,
        "java": start_local_kafka,
        "mock": start_mock_cluster,
    }
    wishes = Wishes(on_progress, data_dir, port)
    for kind in [only] if only else starters:
        try:
            broker = starters[kind](wishes)
        except NotHere as reason:
            wishes = replace(wishes, passed_over=(*wishes.passed_over, str(reason)))
        else:
            on_progress(f"broker at {broker.bootstrap_servers}: {broker.description}")
            return broker
    raise Unavailable(
        f"no Kafka broker to be had here: {', '.join(wishes.passed_over)}; "
        "set KAFKA_BOOTSTRAP_SERVERS, start Docker, or install Java 17 and Maven"
    )
