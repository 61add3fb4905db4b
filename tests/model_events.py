"""Reads what workers say of their models, from the events topic."""

from __future__ import annotations

import asyncio

from schemas import ModelEvent, ModelEventKind
from stream_app.broker import Broker
from stream_app.local_worker import LocalWorker
from stream_app.settings import TopicSettings
from stream_app.topic_reader import open_reader
from tests.waiting import wait_until


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

    wait_until(seen, f"no event {kind.value}")
    return found[0]


def serves(worker: LocalWorker, digest: str) -> None:
    """Wait until the bundle serves."""
    wait_until(lambda: f'digest="{digest}"' in worker.metrics(), f"{digest} does not serve")
