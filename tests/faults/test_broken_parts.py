"""A part of the worker breaks: it stops loudly with nothing unfinished acked, or rides it out."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from stream_app.broker import Broker, RestartableBroker, find_broker
from stream_app.bundle import FileDigest
from stream_app.bundle.manifest import MANIFEST_FILE, TOKENIZER_FILE, Manifest
from stream_app.local_worker import LocalWorker
from stream_app.settings import TopicSettings
from tests.conftest import StartWorker, create_topics, environment_on
from tests.verifier import Verifier, demo_tickets, load, send

pytestmark = [pytest.mark.kafka, pytest.mark.model]

POISON = "kaboomkaboom"


@pytest.fixture
def own_broker() -> Iterator[RestartableBroker]:
    """A broker of this test's own, since others must not be restarted."""
    with find_broker(only="java") as broker:
        yield broker  # type: ignore[misc]


def test_a_broker_restart_under_load_loses_nothing(
    own_broker: RestartableBroker, bundle: Path
) -> None:
    topics = create_topics(own_broker)
    verifier = Verifier(own_broker.bootstrap_servers, topics)
    with (
        load(own_broker.bootstrap_servers, topics.raw, rate_per_s=100) as ledger,
        LocalWorker(environment_on(own_broker, topics, "group"), bundle=bundle) as worker,
    ):
        done = verifier.wait_for_outcomes(200)
        own_broker.restart()
        done = verifier.wait_for_outcomes(done + 300)
        own_broker.kill()
        own_broker.start()
        verifier.wait_for_outcomes(done + 300)
        assert worker.process.poll() is None, worker.log_text()
    with LocalWorker(environment_on(own_broker, topics, "group"), bundle=bundle):
        verifier.check(ledger)
    verifier.close()


def test_an_exception_inside_inference_stops_the_worker_with_nothing_acked(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    bundle: Path,
    tmp_path: Path,
) -> None:
    poison = json.dumps({"ticket_id": "P", "text": f"please help {POISON}"}).encode()
    values = [*demo_tickets(300), poison, *demo_tickets(300)]
    ledger = send(kafka.bootstrap_servers, unique_topics.raw, values)
    broken = start_worker(wait=False, serving=bundle_that_fails_on_poison(bundle, tmp_path))
    assert broken.process.wait(60) == 1
    assert "Gather" in broken.log_text()
    start_worker()
    verifier.check(ledger)


def test_a_failing_producer_stops_the_worker_with_nothing_acked(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    ledger = send(kafka.bootstrap_servers, unique_topics.raw, demo_tickets(300))
    set_record_limit(kafka, unique_topics.standard, "64")
    worker = start_worker(wait=False)
    assert worker.process.wait(60) == 3
    assert "error: Kafka did not confirm a record (MessageSizeTooLargeError" in worker.log_text()
    assert "Traceback" not in worker.log_text()
    set_record_limit(kafka, unique_topics.standard, "1000000")
    start_worker()
    verifier.check(ledger)


def test_too_many_dead_letters_in_a_row_stop_the_worker_with_nothing_acked(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    ledger = send(kafka.bootstrap_servers, unique_topics.raw, [b"not a ticket"] * 200)
    worker = start_worker(wait=False, TICKETS_WORKER_DEAD_LETTERS_IN_A_ROW="20")
    assert worker.process.wait(60) == 4
    assert "21 records in a row are no raw tickets" in worker.log_text()
    start_worker(TICKETS_WORKER_DEAD_LETTERS_IN_A_ROW="200")
    verdict = verifier.check(ledger)
    assert verdict.by_topic() == {unique_topics.dlq: 200}


def bundle_that_fails_on_poison(bundle: Path, folder: Path) -> Path:
    """A verifiable bundle whose tokenizer gives `POISON` an id that the graph's embedding lacks."""
    broken = folder / "poisoned"
    shutil.copytree(bundle, broken)
    tokenizer = json.loads((broken / TOKENIZER_FILE).read_bytes())
    tokenizer["added_tokens"].append(
        {
            "id": 900_000,
            "content": POISON,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": False,
        }
    )
    content = json.dumps(tokenizer).encode()
    (broken / TOKENIZER_FILE).write_bytes(content)
    manifest = Manifest.model_validate_json((broken / MANIFEST_FILE).read_bytes())
    files = {**manifest.files, TOKENIZER_FILE: FileDigest.of(content)}
    (broken / MANIFEST_FILE).write_text(
        manifest.model_copy(update={"files": files}).model_dump_json()
    )
    return broken


def set_record_limit(kafka: Broker, topic: str, limit: str) -> None:
    """Change the largest record that the broker takes on `topic`."""

    async def alter() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
        await admin.start()
        resource = ConfigResource(
            ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": limit}
        )
        await admin.alter_configs([resource])
        await admin.close()

    asyncio.run(alter())
