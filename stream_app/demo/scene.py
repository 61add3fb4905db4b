"""Brings up all that the demo needs before its first record flows, and shows each stage.

Owns the order; `stack` takes everything down again. Sends no record.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from stream_app.broker import Broker, ensure_topics, find_broker
from stream_app.bundle import bundle_store, read_bundle
from stream_app.demo.models import FIRST, DemoModels, begin_models
from stream_app.demo.promotion import install_first
from stream_app.demo.stage_view import StageView
from stream_app.isolation import isolated_settings, remove_topics, worker_environment
from stream_app.kafka_client import aiokafka_options
from stream_app.local_worker import LocalWorker
from stream_app.registry.local_server import LocalRegistry, local_registry
from stream_app.settings import Settings, load_settings
from stream_app.topics import topic_specs

LOOK_EVERY_S = 0.2

REGISTRY_POLL_S = 2.0
"""The worker is told of a promotion; this is for a message that comes too early."""


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is up once the records can flow.

    `models` has the one that follows the first; None where one model was given. `environment` puts
    a `tickets` command into the scene.
    """

    broker: Broker
    settings: Settings
    environment: Mapping[str, str]
    worker: LocalWorker
    first: Path
    models: DemoModels | None


def set_up(stack: ExitStack, stages: StageView, bundle: Path | None, *, retrain: bool) -> Scene:
    """Bring everything up, the broker and the registry while the first model trains.

    Raises `UserError` where something is missing or `bundle` must not serve.
    """
    if bundle is not None:
        stages.done("model", f"{_about(bundle)}, as given")
        broker, settings = _broker(stack, stages)
        environment = worker_environment(settings)
        worker = _worker(stack, stages, settings, environment, bundle)
        return Scene(broker, settings, environment, worker, bundle, None)
    models = begin_models(stack, bundle_store(), retrain=retrain)
    if models.trained:
        stages.begin(
            "model", lambda: f"training on the starter set, once for all demos: {models.progress}"
        )
    registry = _begin_registry(stack)
    broker, settings = _broker(stack, stages)
    first = _first(models, stages)
    environment = worker_environment(settings) | _registry_environment(stack, stages, registry)
    stages.begin("versions", lambda: "registering the first version")
    install_first(first, environment, lambda line: stages.begin("versions", lambda: line))
    stages.done("versions", f"version 1, {_name(first)}, is the champion")
    worker = _worker(stack, stages, settings, environment, None)
    return Scene(broker, settings, environment, worker, first, models)


def _about(model: Path) -> str:
    """Name and accuracy of a bundle. Raises `BundleError` where it must not serve."""
    manifest = read_bundle(model).manifest
    accuracy = manifest.provenance.metrics.get("accuracy_int8")
    known = "" if accuracy is None else f", right on {accuracy:.0%} of the tickets kept from it"
    return f"{manifest.name} {manifest.version}{known}"


def _name(model: Path) -> str:
    manifest = read_bundle(model).manifest
    return f"{manifest.name} {manifest.version}"


def _first(models: DemoModels, stages: StageView) -> Path:
    """Wait for the first model and return its bundle."""
    while (model := models.bundle(FIRST)) is None:
        stages.tell()
        time.sleep(LOOK_EVERY_S)
    how = (
        f"trained in {models.seconds:.0f} s"
        if models.trained
        else "trained here before, --retrain makes another"
    )
    stages.done("model", f"{_about(model)}; {how}")
    return model


def _broker(stack: ExitStack, stages: StageView) -> tuple[Broker, Settings]:
    """A broker with the run's topics, and the settings for it."""
    security = aiokafka_options(load_settings().kafka)

    def tell(line: str) -> None:
        # The last line is what the broker says of itself, which is shown with its tick.
        if not line.startswith("broker at "):
            stages.begin("broker", lambda: line)

    tell("looking for one")
    broker = stack.enter_context(find_broker(on_progress=tell, kafka_security=security))
    stages.done("broker", f"{broker.bootstrap_servers}: {broker.description}")
    settings = isolated_settings(broker, "demo")
    if broker.kind == "external":
        stack.callback(lambda: asyncio.run(remove_topics(settings)))
    asyncio.run(
        ensure_topics(
            broker.bootstrap_servers,
            topic_specs(settings.topics),
            kafka_security=aiokafka_options(settings.kafka),
        )
    )
    stages.done("topics", f"{settings.topics.raw} → {', '.join(settings.topics.outputs)}")
    return broker, settings


def _begin_registry(stack: ExitStack) -> Future[LocalRegistry]:
    """Start an MLflow server in a thread; it takes as long as the broker and the training."""
    registry = local_registry()
    # Whatever the thread began after the first stop, below, is taken down when it has ended.
    stack.callback(registry.stop)
    threads = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="registry"))
    stack.callback(registry.stop)

    def start() -> LocalRegistry:
        registry.start()
        return registry

    return threads.submit(start)


def _registry_environment(
    stack: ExitStack, stages: StageView, starting: Future[LocalRegistry]
) -> dict[str, str]:
    stages.begin("registry", lambda: "starting MLflow on SQLite")
    registry = starting.result()
    stages.done("registry", f"{registry.uri}: MLflow on SQLite")
    cache = stack.enter_context(tempfile.TemporaryDirectory(prefix="tickets-demo-models-"))
    return {
        "TICKETS_REGISTRY_TRACKING_URI": registry.uri,
        "TICKETS_REGISTRY_CACHE_DIR": cache,
        "TICKETS_REGISTRY_POLL_S": str(REGISTRY_POLL_S),
    }


def _worker(
    stack: ExitStack,
    stages: StageView,
    settings: Settings,
    environment: Mapping[str, str],
    bundle: Path | None,
) -> LocalWorker:
    began = time.monotonic()
    stages.begin("worker", lambda: "opening the model and joining its consumer group")
    worker = stack.enter_context(LocalWorker(environment, bundle=bundle))
    worker.wait_until_ready()
    stages.done(
        "worker",
        f"ready in {time.monotonic() - began:.0f} s, "
        f"alone in consumer group {settings.worker.consumer_group}",
    )
    return worker
