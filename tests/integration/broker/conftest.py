from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.broker import RestartableBroker, find_broker


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `local_kafka` keeps its data."""
    return tmp_path_factory.mktemp("kafka") / "not made yet"


@pytest.fixture(scope="module")
def local_kafka(data_dir: Path) -> Iterator[RestartableBroker]:
    """Apache Kafka on the local Java, this module's own: its tests restart and kill it."""
    with find_broker(only="java", data_dir=data_dir) as broker:
        assert isinstance(broker, RestartableBroker)
        yield broker
