"""A bad record never stops the stream, and never goes through it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from stream_app.broker import Broker
from stream_app.settings import TopicSettings
from tests.conftest import StartWorker
from tests.faults.malformed import RECORDS
from tests.verifier import Sent, Verifier, demo_tickets, send_records

pytestmark = [pytest.mark.kafka, pytest.mark.model]

MALFORMED = 1_000


def malformed_records() -> list[Sent]:
    made: list[Sent] = []

    @settings(max_examples=MALFORMED, database=None, suppress_health_check=list(HealthCheck))
    @given(record=RECORDS)
    def collect(record: Sent) -> None:
        made.append(record)

    while len(made) < MALFORMED:
        collect()
    return made[:MALFORMED]


def test_a_thousand_malformed_records_between_good_ones_all_find_their_way(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    bad = malformed_records()
    oversized = Sent(b"big", b'{"text": "' + b"a" * 5_000_000 + b'"}')
    good = [Sent(f"good-{n}".encode(), value) for n, value in enumerate(demo_tickets(MALFORMED))]
    mixed = [record for pair in zip(bad, good, strict=True) for record in pair]
    ledger = send_records(kafka.bootstrap_servers, unique_topics.raw, [oversized, *mixed])
    start_worker()
    verdict = verifier.check(ledger)
    wrong = {
        event
        for event, sent in ledger.records.items()
        if (verdict.queues[event] == {unique_topics.dlq}) == (sent in good)
    }
    assert not wrong
    assert verdict.by_topic()[unique_topics.dlq] == MALFORMED + 1
    assert verdict.copies == 0
