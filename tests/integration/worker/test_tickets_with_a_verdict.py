"""A ticket with a language model's verdict may go along with others, but is never held up by them.

The pipeline runs in this process, on a real broker and a local server: only here can a micro-batch
be held while it is decided.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from stream_app.broker import Broker
from stream_app.bundle import read_bundle
from stream_app.guardrails import load_rules
from stream_app.inference import Classifier, open_classifier
from stream_app.llm import open_layer
from stream_app.messages import Record
from stream_app.producer import open_producer
from stream_app.routing import load_policy
from stream_app.settings import LlmSettings, TopicSettings
from stream_app.worker.dead_letter_run import DeadLetterRun
from stream_app.worker.decide import Decider
from stream_app.worker.metrics import WorkerMetrics
from stream_app.worker.pipeline import Pipeline, Taken
from tests.llm_server import LlmServer, held
from tests.unit.tiny_bundle import write_tiny_bundle
from tests.verifier import Verifier
from tests.waiting import wait_until

pytestmark = pytest.mark.kafka

IN_DOUBT = b'{"text": "nothing that the model knows"}'
URGENT = b'{"text": "My card was stolen and somebody is paying with it right now."}'


def taken(topic: str, offset: int, value: bytes) -> list[Taken[int]]:
    return [Taken(Record(topic, 0, offset, 0, None, value, ()), offset)]


async def until(gate: threading.Event) -> None:
    assert await asyncio.to_thread(gate.wait, 60.0)


async def test_a_ticket_with_a_verdict_is_published_while_a_micro_batch_takes_long(
    kafka: Broker, unique_topics: TopicSettings, verifier: Verifier, tmp_path: Path
) -> None:
    classifier = open_classifier(read_bundle(write_tiny_bundle(tmp_path / "tiny")))
    may_decide, may_answer = threading.Event(), threading.Event()
    deciding = threading.Event()
    acked: list[int] = []

    @contextmanager
    def model() -> Iterator[Classifier]:
        deciding.set()
        may_decide.wait()
        yield classifier

    async def ack(offset: int) -> None:
        acked.append(offset)

    with LlmServer(held(may_answer)) as server:
        settings = LlmSettings(
            api_key=SecretStr("test-key"),
            base_url=server.base_url,
            model="test-model",
            deadline_s=60.0,
        )
        layer = open_layer(settings, CollectorRegistry())
        assert layer is not None
        async with open_producer(kafka.bootstrap_servers, {}, client_id="test") as producer:
            pipeline: Pipeline[int] = Pipeline(
                decider=Decider(model, load_rules(), load_policy(), unique_topics, 0.0, None),
                producer=producer,
                ack=ack,
                run=DeadLetterRun(limit=1),
                metrics=WorkerMetrics(),
                batch_tickets=10,
                batches_in_flight=2,
                unacked_records=10,
                shadow=None,
                llm=layer,
            )
            may_decide.set()
            await pipeline.submit(taken(unique_topics.raw, 0, IN_DOUBT))
            await asyncio.to_thread(wait_until, lambda: len(server.received) == 1)

            may_decide.clear()
            deciding.clear()
            await pipeline.submit(taken(unique_topics.raw, 1, URGENT))
            await until(deciding)
            may_answer.set()
            await asyncio.to_thread(verifier.wait_for_outcomes, 1)
            assert not may_decide.is_set()

            may_decide.set()
            assert await pipeline.drain(60.0)
            await pipeline.close()
        await layer.aclose()
    classifier.close()
    assert acked == [0, 1]
