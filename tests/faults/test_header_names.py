"""A header's name that is no UTF-8 stops no partition, neither for the worker nor for readers."""

from __future__ import annotations

import asyncio
import json

import pytest

from stream_app.broker import Broker
from stream_app.messages import Record
from stream_app.settings import TopicSettings
from stream_app.topic_reader import open_reader
from tests.conftest import StartWorker
from tests.header_names import AS_READ, send_batch
from tests.verifier import Verifier

pytestmark = [pytest.mark.kafka, pytest.mark.model]


def test_a_partition_goes_on_behind_it(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    ticket = json.dumps({"text": "My card was stolen"}).encode()
    broken = b"not a ticket"
    send_batch(kafka.bootstrap_servers, unique_topics.raw, [ticket, ticket, broken, ticket])
    start_worker()
    assert verifier.wait_for_outcomes(4) == 4

    async def dead_letters() -> list[Record]:
        async with open_reader(
            kafka.bootstrap_servers, {}, [unique_topics.dlq], follow=False
        ) as reader:
            return [record async for record in reader]

    [letter] = asyncio.run(dead_letters())
    assert (letter.key, letter.value) == (b"k2", broken)
    assert letter.headers[:3] == (("plain", b"1"), (AS_READ, b"2"), ("after", None))


async def test_a_reader_goes_on_behind_it(kafka: Broker, unique_topics: TopicSettings) -> None:
    values = [b"first", b"second", b"last"]
    await asyncio.to_thread(send_batch, kafka.bootstrap_servers, unique_topics.raw, values)
    async with open_reader(
        kafka.bootstrap_servers, {}, [unique_topics.raw], follow=False
    ) as reader:
        read = [record async for record in reader]
    assert [record.value for record in read] == values
    assert AS_READ in dict(read[1].headers)
