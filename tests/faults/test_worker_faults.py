"""Workers die, join, leave and fail under load: every ticket still ends in exactly one queue."""

from __future__ import annotations

import time

import pytest

from stream_app.broker import Broker
from stream_app.settings import TopicSettings
from tests.conftest import SOON_MISSED, StartWorker
from tests.metrics import metric
from tests.verifier import Verifier, demo_tickets, load, send
from tests.waiting import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.model]

# Small batches and slow commits make a kill land between a publish and its commit.
MANY = 2_500
"""More than a worker decides while three of them are started and killed."""

SMALL_STEPS = {"TICKETS_WORKER_BATCH_TICKETS": "16", "TICKETS_WORKER_COMMIT_INTERVAL_S": "2"}


def test_kill_9_under_load_three_times_loses_nothing(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    ledger = send(kafka.bootstrap_servers, unique_topics.raw, demo_tickets(MANY))
    done = 0
    for _ in range(3):
        worker = start_worker(**SMALL_STEPS, **SOON_MISSED)
        done = verifier.wait_for_outcomes(done + 300)
        worker.kill()
        assert done < MANY, "the kill came after the work"
    start_worker()
    verdict = verifier.check(ledger)
    assert verdict.copies > 0, "no kill hit work that was published and not committed"


def test_a_second_worker_joins_and_leaves_under_load(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    start_worker()
    with load(kafka.bootstrap_servers, unique_topics.raw, rate_per_s=50) as ledger:
        verifier.wait_for_outcomes(100)
        second = start_worker()
        wait_until(
            lambda: metric(second, "tickets_acked_total") > 0,
            "the second worker did nothing",
        )
        assert second.terminate() == 0
        sent_while_it_was_there = len(ledger.records)
        verifier.wait_for_outcomes(sent_while_it_was_there + 100)
    verifier.check(ledger)


def test_sigterm_in_mid_batch_ends_in_ten_seconds_without_a_duplicate(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    ledger = send(kafka.bootstrap_servers, unique_topics.raw, demo_tickets(MANY))
    worker = start_worker()
    done = verifier.wait_for_outcomes(300)
    started = time.monotonic()
    assert worker.terminate() == 0
    assert time.monotonic() - started < 10
    assert done < MANY
    second = start_worker()
    verifier.check(ledger)
    # What it still had in hand is out once it has ended.
    assert second.terminate() == 0
    assert verifier.check(ledger).copies == 0
