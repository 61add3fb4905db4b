"""A broker, topics and a worker of one's own for the time of a replay; all ended at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stream_app.broker import find_broker
from stream_app.isolation import isolated_settings, remove_topics, worker_environment
from stream_app.kafka_client import aiokafka_options
from stream_app.local_worker import LocalWorker
from stream_app.settings import Settings, load_settings


@contextmanager
def local_worker(*, bundle: Path | None, on_progress: Callable[[str], None]) -> Iterator[Settings]:
    """Find or start a broker and run one worker on it; the settings that reach both.

    On a broker that others use too, the run has topics and a consumer group of its own.

    Raises `Unavailable` where no broker can be had or the worker does not become ready.
    """
    with ExitStack() as stack:
        security = aiokafka_options(load_settings().kafka)
        broker = stack.enter_context(find_broker(on_progress=on_progress, kafka_security=security))
        settings = isolated_settings(broker, "replay")
        if broker.kind == "external":
            stack.callback(lambda: asyncio.run(remove_topics(settings)))
        on_progress("starting a worker")
        worker = stack.enter_context(LocalWorker(worker_environment(settings), bundle=bundle))
        worker.wait_until_ready()
        yield settings
