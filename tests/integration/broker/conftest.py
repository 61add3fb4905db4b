from __future__ import annotations

from collections.abc import Iterator

import pytest

from stream_app.broker import RestartableBroker, find_broker


@pytest.fixture(scope="module")
def local_kafka() -> Iterator[RestartableBroker]:
    """Apache Kafka on the local Java, this module's own: its tests restart and kill it."""
    with find_broker(only="java") as broker:
        assert isinstance(broker, RestartableBroker)
        yield broker
