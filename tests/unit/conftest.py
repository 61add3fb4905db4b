"""Fixtures that more than one folder of unit tests needs."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def own_broker_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Kafka and no topic named in the environment."""
    for name in list(os.environ):
        if name.startswith(("TICKETS_", "KAFKA_")):
            monkeypatch.delenv(name)
