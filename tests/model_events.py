"""Reads what workers say of their models, from the events topic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from schemas import ModelEvent, ModelEventKind
from stream_app.broker import Broker
from stream_app.local_worker import LocalWorker
from stream_app.settings import TopicSettings
from stream_app.topic_reader import open_reader


def model_events(kafka: Broker, topics: TopicSettings) -> list[ModelEvent]:
    """All events so far, oldest first."""

    async def read() -> list[ModelEvent]:
        async with open_reader(
            kafka.bootstrap_servers, {}, [topics.model_events], follow=False
        ) as reader:
            return [ModelEvent.model_validate_json(record.value or b"") async for record in reader]

    return asyncio.run(read())


def wait_for_event(kafka: Broker, topics: TopicSettings, kind: ModelEventKind) -> ModelEvent:
    """The first event of this kind."""
    found: list[ModelEvent] = []

    def seen() -> bool:
        found[:] = [event for event in model_events(kafka, topics) if event.kind is kind]
        return bool(found)

    until(seen, f"no event {kind.value}")
    return found[0]


def serves(worker: LocalWorker, digest: str) -> None:
    """Wait until the bundle serves."""
    until(lambda: f'digest="{digest}"' in worker.metrics(), f"{digest} does not serve")


def until(condition: Callable[[], bool], otherwise: str, *, within_s: float = 150.0) -> None:
    """Wait for the condition; fails with `otherwise`."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)
