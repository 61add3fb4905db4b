"""Workers follow the registry while tickets flow, on real Kafka and a real MLflow server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from schemas import ModelEventKind, TriagedTicket
from stream_app.broker import Broker
from stream_app.bundle import read_bundle
from stream_app.hot_reload.nudge import nudge
from stream_app.local_worker import LocalWorker
from stream_app.registry.layout import CHALLENGER
from stream_app.registry.local_server import LocalRegistry
from stream_app.settings import TopicSettings, load_settings
from tests.conftest import StartWorker
from tests.model_events import model_events, serves, wait_for_event
from tests.registered import Registry
from tests.unit.tiny_bundle import write_tiny_bundle
from tests.verifier import Verifier, demo_tickets, load, send
from tests.waiting import wait_until

pytestmark = pytest.mark.kafka

PROMOTIONS = 10


def test_ten_promotions_and_a_rollback_under_load_lose_nothing(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    registry: Registry,
    tmp_path: Path,
) -> None:
    folders = [write_tiny_bundle(tmp_path / f"{n}", version=f"v{n}") for n in range(PROMOTIONS + 1)]
    digests = [read_bundle(folder).reference.digest for folder in folders]
    numbers = [registry.register(folder) for folder in folders]
    registry.promote(numbers[0])
    worker = start_worker(serving=folders[0], **registry.environment)
    assert f"champion of {registry.model}, version {numbers[0]}" in worker.log_text()

    with load(kafka.bootstrap_servers, unique_topics.raw, rate_per_s=50) as ledger:
        # The first version is to have decided some, too.
        verifier.wait_for_outcomes(1)
        for index in [*range(1, PROMOTIONS + 1), PROMOTIONS - 1]:
            registry.promote(numbers[index])
            serves(worker, digests[index])
            sent_before_it_served = len(ledger.records)
            verifier.wait_for_outcomes(sent_before_it_served + 50)
    verdict = verifier.check(ledger)

    assert verdict.copies == 0
    decided_by = {
        TriagedTicket.model_validate_json(value or b"").model.digest
        for event, value in verdict.values.items()
        if verdict.queues[event] != {unique_topics.dlq}
    }
    assert decided_by == set(digests)
    events = model_events(kafka, unique_topics)
    assert [event.kind for event in events] == [
        ModelEventKind.STARTED,
        *[ModelEventKind.SWAPPED] * PROMOTIONS,
        ModelEventKind.ROLLED_BACK,
    ]
    rollback = events[-1]
    assert rollback.serving.digest == digests[-2]
    assert rollback.before is not None
    assert rollback.before.digest == digests[-1]
    assert worker.terminate() == 0


def test_a_record_on_the_control_topic_makes_a_worker_look_at_once(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    registry: Registry,
    tmp_path: Path,
) -> None:
    first, second = (write_tiny_bundle(tmp_path / name, version=name) for name in ("1", "2"))
    registry.promote(registry.register(first))
    patient = {"TICKETS_REGISTRY_POLL_S": "3600"}
    worker = start_worker(serving=first, **(registry.environment | patient))
    registry.promote(registry.register(second))
    settings = load_settings(
        kafka={"bootstrap_servers": kafka.bootstrap_servers}, topics=unique_topics.model_dump()
    )
    digest = read_bundle(second).reference.digest

    def nudged() -> bool:
        # Again and again, since the worker may begin to listen only now.
        asyncio.run(nudge(settings))
        return f'digest="{digest}"' in worker.metrics()

    wait_until(nudged, "the worker did not look")


def test_a_challenger_scores_live_tickets_in_shadow_and_decides_none(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    registry: Registry,
    tmp_path: Path,
) -> None:
    champion, challenger = (write_tiny_bundle(tmp_path / name, version=name) for name in ("1", "2"))
    registry.promote(registry.register(champion))
    number = registry.register(challenger)
    registry.promote(number, CHALLENGER)
    everything = {"TICKETS_REGISTRY_SHADOW_SHARE": "1.0"}
    worker = start_worker(serving=champion, **(registry.environment | everything))
    wait_for_event(kafka, unique_topics, ModelEventKind.CHALLENGER_OPENED)

    verdict = verifier.check(send(kafka.bootstrap_servers, unique_topics.raw, demo_tickets(100)))
    decided = [event for event, queues in verdict.queues.items() if queues != {unique_topics.dlq}]
    wait_until(lambda: shadow_tickets(worker) == len(decided), "not all tickets were scored")
    assert f'tickets_shadow_model_info{{digest="{read_bundle(challenger).reference.digest}"' in (
        worker.metrics()
    )
    registry.client.delete_registered_model_alias(registry.model, CHALLENGER)
    closed = wait_for_event(kafka, unique_topics, ModelEventKind.CHALLENGER_CLOSED)

    assert closed.version == number
    assert closed.shadow is not None
    assert closed.shadow.scored + closed.shadow.dropped == len(decided)
    assert closed.shadow.agreed == closed.shadow.scored
    champion_digest = read_bundle(champion).reference.digest
    assert {dict(verdict.headers[event])["ce_modeldigest"] for event in decided} == {
        champion_digest.encode()
    }


def test_a_challenger_whose_files_are_gone_holds_up_no_champion(
    start_worker: StartWorker, registry: Registry, mlflow_server: LocalRegistry, tmp_path: Path
) -> None:
    first, gone, second = (write_tiny_bundle(tmp_path / name, version=name) for name in "123")
    registry.promote(registry.register(first))
    number = registry.register(gone)
    registry.stored(number, mlflow_server, "model.onnx").unlink()
    registry.promote(number, CHALLENGER)
    worker = start_worker(serving=first, **registry.environment)
    wait_until(lambda: "the registry no longer has model.onnx" in worker.log_text())
    registry.promote(registry.register(second))
    serves(worker, read_bundle(second).reference.digest)
    assert 'outcome="unreachable"' not in worker.metrics()


def shadow_tickets(worker: LocalWorker) -> float:
    lines = worker.metrics().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("tickets_shadow_total"))
