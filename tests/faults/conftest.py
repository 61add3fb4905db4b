"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stream_app.broker import Broker
from stream_app.settings import TopicSettings
from tests.faults.verifier import Verifier


@pytest.fixture
def verifier(kafka: Broker, unique_topics: TopicSettings) -> Iterator[Verifier]:
    verifier = Verifier(kafka.bootstrap_servers, unique_topics)
    yield verifier
    verifier.close()
