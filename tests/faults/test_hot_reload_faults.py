"""A version, the registry or the preparing process breaks: the old model goes on serving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from schemas import ModelEvent, ModelEventKind
from stream_app.broker import Broker
from stream_app.bundle import GoldenTicket, read_bundle
from stream_app.local_worker import LocalWorker
from stream_app.registry.local_server import LocalRegistry
from stream_app.settings import TopicSettings
from tests.conftest import StartWorker
from tests.faults.proxy import Proxy
from tests.metrics import metric
from tests.model_events import serves, wait_for_event
from tests.registered import Registry, variant
from tests.unit.tiny_bundle import write_tiny_bundle
from tests.verifier import Ledger, Verifier, demo_tickets, send
from tests.waiting import wait_until

pytestmark = pytest.mark.kafka


class Scene:
    """A worker that serves version 1 of this test's registered model."""

    def __init__(
        self,
        kafka: Broker,
        topics: TopicSettings,
        start_worker: StartWorker,
        verifier: Verifier,
        registry: Registry,
        folder: Path,
    ) -> None:
        self.kafka = kafka
        self.topics = topics
        self.registry = registry
        self.folder = folder
        self._verifier = verifier
        self._sent = Ledger()
        self._start_worker = start_worker
        self.first = write_tiny_bundle(folder / "first", version="first")
        registry.promote(registry.register(self.first))

    def start(self, **environment: str) -> LocalWorker:
        return self._start_worker(serving=self.first, **(self.registry.environment | environment))

    def event(self, kind: ModelEventKind) -> ModelEvent:
        return wait_for_event(self.kafka, self.topics, kind)

    def check_tickets_flow(self, worker: LocalWorker, bundle: Path) -> None:
        """Tickets are decided, and by this bundle."""
        serves(worker, read_bundle(bundle).reference.digest)
        ledger = send(self.kafka.bootstrap_servers, self.topics.raw, demo_tickets(20))
        self._sent.records.update(ledger.records)
        verdict = self._verifier.check(self._sent)
        digest = read_bundle(bundle).reference.digest
        decided_by = {
            dict(verdict.headers[event])["ce_modeldigest"]
            for event in ledger.records
            if verdict.queues[event] != {self.topics.dlq}
        }
        assert decided_by == {digest.encode()}


@pytest.fixture
def scene(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    registry: Registry,
    tmp_path: Path,
) -> Scene:
    return Scene(kafka, unique_topics, start_worker, verifier, registry, tmp_path)


@pytest.fixture
def proxy(mlflow_server: LocalRegistry) -> Iterator[Proxy]:
    proxy = Proxy(urlsplit(mlflow_server.uri).port or 0)
    yield proxy
    proxy.close()


def flipped(content: bytes) -> bytes:
    """One byte in the middle changed."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("model.onnx", "model.onnx is not the file its manifest names"),
        ("manifest.json", "its tag bundle_digest says"),
    ],
)
def test_a_tampered_bundle_is_refused(
    scene: Scene, mlflow_server: LocalRegistry, name: str, told: str
) -> None:
    worker = scene.start()
    number = scene.registry.register(write_tiny_bundle(scene.folder / "2", version="2"))
    stored = scene.registry.stored(number, mlflow_server, name)
    stored.write_bytes(flipped(stored.read_bytes()))
    scene.registry.promote(number)
    refusal = scene.event(ModelEventKind.REFUSED)
    assert refusal.version == number
    assert told in (refusal.reason or "")
    scene.check_tickets_flow(worker, scene.first)
    assert "tickets_model_quarantined 1.0" in worker.metrics()
    assert 'tickets_model_reloads_total{outcome="refused"} 1.0' in worker.metrics()


def test_a_truncated_bundle_is_refused(scene: Scene, mlflow_server: LocalRegistry) -> None:
    worker = scene.start()
    number = scene.registry.register(write_tiny_bundle(scene.folder / "2", version="2"))
    stored = scene.registry.stored(number, mlflow_server, "model.onnx")
    stored.write_bytes(stored.read_bytes()[:-100])
    scene.registry.promote(number)
    assert "bytes, its manifest says" in (scene.event(ModelEventKind.REFUSED).reason or "")
    scene.check_tickets_flow(worker, scene.first)


def test_a_bundle_with_other_intents_is_refused(scene: Scene) -> None:
    worker = scene.start()
    other = write_tiny_bundle(scene.folder / "2", version="2", labels=2)
    scene.registry.promote(scene.registry.register(other))
    refusal = scene.event(ModelEventKind.REFUSED)
    assert "other intents" in (refusal.reason or "")
    scene.check_tickets_flow(worker, scene.first)


def test_a_bundle_that_fails_a_golden_ticket_is_refused_and_the_next_one_serves(
    scene: Scene,
) -> None:
    worker = scene.start()
    wrong = [GoldenTicket(text="stolen", intent="delivery_time", confidence=0.9)]
    failing = variant(scene.first, scene.folder, version="failing", golden=wrong)
    scene.registry.promote(scene.registry.register(failing))
    assert "golden ticket 1 should be" in (scene.event(ModelEventKind.REFUSED).reason or "")
    scene.check_tickets_flow(worker, scene.first)
    mended = variant(scene.first, scene.folder, version="mended")
    scene.registry.promote(scene.registry.register(mended))
    scene.check_tickets_flow(worker, mended)


def test_a_version_registered_without_its_digest_is_refused(scene: Scene) -> None:
    worker = scene.start()
    number = scene.registry.register(write_tiny_bundle(scene.folder / "2", version="2"))
    scene.registry.client.delete_model_version_tag(
        scene.registry.model, str(number), "bundle_digest"
    )
    scene.registry.promote(number)
    assert "without its digest" in (scene.event(ModelEventKind.REFUSED).reason or "")
    scene.check_tickets_flow(worker, scene.first)


def test_a_download_that_breaks_off_is_tried_again(scene: Scene, proxy: Proxy) -> None:
    worker = scene.start(TICKETS_REGISTRY_TRACKING_URI=proxy.uri)
    second = write_tiny_bundle(scene.folder / "2", version="2")
    number = scene.registry.register(second)
    proxy.broken_on = b"/bundle/model.onnx HTTP"
    scene.registry.promote(number)
    assert proxy.reached.wait(120)
    proxy.drop()
    assert scene.event(ModelEventKind.UNREACHABLE).serving.version == "first"
    scene.check_tickets_flow(worker, scene.first)
    proxy.broken_on = None
    proxy.drop()
    scene.event(ModelEventKind.REACHABLE)
    scene.check_tickets_flow(worker, second)
    assert "tickets_model_quarantined 0.0" in worker.metrics()


def test_mlflow_killed_in_mid_download_leaves_the_old_model_serving(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    mlflow_server: LocalRegistry,
    fresh_model_name: str,
    tmp_path: Path,
) -> None:
    registry = Registry(mlflow_server.uri, fresh_model_name, cache=tmp_path / "cache")
    scene = Scene(kafka, unique_topics, start_worker, verifier, registry, tmp_path)
    proxy = Proxy(urlsplit(mlflow_server.uri).port or 0)
    worker = scene.start(TICKETS_REGISTRY_TRACKING_URI=proxy.uri)
    second = write_tiny_bundle(scene.folder / "2", version="2")
    number = registry.register(second)
    proxy.broken_on = b"/bundle/model.onnx HTTP"
    registry.promote(number)
    assert proxy.reached.wait(120)
    mlflow_server.kill()
    try:
        proxy.drop()
        lost = scene.event(ModelEventKind.UNREACHABLE)
        assert "MLflow at http" in (lost.reason or "")
        scene.check_tickets_flow(worker, scene.first)
    finally:
        proxy.broken_on = None
        mlflow_server.start()
    scene.event(ModelEventKind.SWAPPED)
    scene.check_tickets_flow(worker, second)
    proxy.close()


def test_without_mlflow_a_worker_starts_with_the_last_good_bundle_and_follows_later(
    scene: Scene, proxy: Proxy
) -> None:
    second = write_tiny_bundle(scene.folder / "2", version="2")
    scene.registry.promote(scene.registry.register(second))
    assert scene.start(TICKETS_REGISTRY_TRACKING_URI=proxy.uri).terminate() == 0
    proxy.up = False
    worker = scene.start(TICKETS_REGISTRY_TRACKING_URI=proxy.uri)
    assert "not champion" in worker.log_text()
    scene.check_tickets_flow(worker, second)
    # An alert compares it with a limit, which is never true of NaN.
    assert metric(worker, "tickets_model_registry_age_seconds") > 0.0
    third = write_tiny_bundle(scene.folder / "3", version="3")
    scene.registry.promote(scene.registry.register(third))
    proxy.up = True
    scene.check_tickets_flow(worker, third)


def test_a_worker_without_a_champion_serves_its_own_bundle_until_there_is_one(
    scene: Scene,
) -> None:
    scene.registry.client.delete_registered_model_alias(scene.registry.model, "champion")
    worker = scene.start()
    assert "has no version with the alias champion" in worker.log_text()
    scene.check_tickets_flow(worker, scene.first)
    second = write_tiny_bundle(scene.folder / "2", version="2")
    scene.registry.promote(scene.registry.register(second))
    scene.check_tickets_flow(worker, second)


def test_a_damaged_cache_is_downloaded_again(scene: Scene) -> None:
    assert scene.start().terminate() == 0
    (model,) = scene.registry.cache.rglob("model.onnx")
    model.write_bytes(flipped(model.read_bytes()))
    worker = scene.start()
    assert "champion of" in worker.log_text()
    scene.check_tickets_flow(worker, scene.first)


def test_the_end_of_the_preparing_process_costs_no_ticket_and_no_version(scene: Scene) -> None:
    worker = scene.start()
    (preparing,) = psutil.Process(worker.process.pid).children()
    preparing.kill()
    second = write_tiny_bundle(scene.folder / "2", version="2")
    scene.registry.promote(scene.registry.register(second))
    scene.check_tickets_flow(worker, second)
    assert worker.terminate() == 0


def test_the_preparing_process_ends_with_a_worker_that_is_killed(scene: Scene) -> None:
    worker = scene.start()
    (preparing,) = psutil.Process(worker.process.pid).children()
    # Not `worker.kill`, which ends both.
    worker.process.kill()
    wait_until(lambda: not preparing.is_running(), "the preparing process is left behind")
