"""Real parts for the tests: one Kafka and one trained bundle a session, fresh topics a test."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stream_app.broker import Broker, ensure_topics, find_broker
from stream_app.isolation import worker_environment
from stream_app.local_worker import LocalWorker
from stream_app.registry.local_server import LocalRegistry, start_local_registry
from stream_app.settings import TopicSettings, load_settings
from stream_app.topics import topic_specs
from tests.registered import Registry
from tests.verifier import Verifier

# The same examples in every run, so that a run tells of the change and not of luck; `make explore`
# draws others. Nothing is judged by time: a slow machine is no fault.
_AT_ANY_PACE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("repeatable", _AT_ANY_PACE, derandomize=True)
settings.register_profile("exploring", _AT_ANY_PACE, max_examples=1_000)
settings.load_profile("repeatable")

# A test run in the background of a shell inherits an ignored SIGINT, and hands it on to the
# commands that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parent.parent

KAFKA_OPTIONAL = "TICKETS_TESTS_KAFKA_OPTIONAL"
"""Set to 1, tests that need Kafka are skipped where only the mock can be had. Otherwise they fail:
a green run without a broker would say nothing."""

PARTS_OF_A_BUNDLE = ("bundle", "inference", "labelled_data")
NO_PARTS_OF_A_BUNDLE = frozenset({"report", "gate", "sweep", "registration", "tracking"})
"""Of `stream_app` and `training`: what decides what a trained bundle holds, and what does not."""


@pytest.fixture(scope="session")
def kafka() -> Iterator[Broker]:
    """A real broker, found as the product finds it."""
    with find_broker() as broker:
        if broker.kind == "mock":
            reason = "no real Kafka: neither KAFKA_BOOTSTRAP_SERVERS, Docker, nor Java with Maven"
            if os.environ.get(KAFKA_OPTIONAL) == "1":
                pytest.skip(reason)
            pytest.fail(f"{reason}; set {KAFKA_OPTIONAL}=1 to skip the tests that need it")
        yield broker


@pytest.fixture
def unique_topics(kafka: Broker) -> TopicSettings:
    """The product's topics under names of this test's own, created."""
    return create_topics(kafka)


def create_topics(kafka: Broker, partitions: int = 4) -> TopicSettings:
    """A fresh set of topics on `kafka`."""
    prefix = f"t{uuid.uuid4().hex[:8]}"
    topics = TopicSettings(
        raw=f"{prefix}.raw",
        priority=f"{prefix}.priority",
        toxic=f"{prefix}.toxic",
        review=f"{prefix}.review",
        standard=f"{prefix}.standard",
        dlq=f"{prefix}.dlq",
        feedback=f"{prefix}.feedback",
        model_control=f"{prefix}.model-control",
        model_events=f"{prefix}.model-events",
        partitions=partitions,
    )
    asyncio.run(ensure_topics(kafka.bootstrap_servers, topic_specs(topics)))
    return topics


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle trained by `tickets train --quick` on the starter set.

    Kept under .cache by the digest of what it is made from, so that only a change of the training
    code or the starter set trains again. TICKETS_TESTS_BUNDLE names another one.
    """
    if given := os.environ.get("TICKETS_TESTS_BUNDLE"):
        return Path(given)
    sources = [
        path
        for folder in ("training", *(f"stream_app/{part}" for part in PARTS_OF_A_BUNDLE))
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".csv", ".yaml"}
        and path.relative_to(ROOT).parts[1] not in NO_PARTS_OF_A_BUNDLE
    ]
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.read_bytes())
    store = ROOT / ".cache" / "test-bundles" / digest.hexdigest()[:16]
    if not any(store.glob("*/manifest.json")):
        subprocess.run(
            [sys.executable, "-m", "stream_app", "train", "--quick", "--out", str(store)],
            check=True,
            cwd=tmp_path_factory.mktemp("train"),
        )
    return next(store.glob("*/manifest.json")).parent


@pytest.fixture(scope="session")
def mlflow_server() -> Iterator[LocalRegistry]:
    """A real MLflow server on SQLite, one a session; tests keep apart by `fresh_model_name`."""
    with start_local_registry() as server:
        yield server


@pytest.fixture
def fresh_model_name() -> str:
    """A registered-model name that no other test has."""
    return f"intents-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def registry(mlflow_server: LocalRegistry, fresh_model_name: str, tmp_path: Path) -> Registry:
    """This test's own registered model, followed with a cache of this test's own."""
    return Registry(mlflow_server.uri, fresh_model_name, cache=tmp_path / "cache")


@pytest.fixture
def verifier(kafka: Broker, unique_topics: TopicSettings) -> Iterator[Verifier]:
    """Counts what comes out of this test's topics."""
    verifier = Verifier(kafka.bootstrap_servers, unique_topics)
    yield verifier
    verifier.close()


def environment_on(kafka: Broker, topics: TopicSettings, group: str) -> dict[str, str]:
    """The settings of a worker on `topics`, as environment variables.

    Without an audit: it would put one ticket of a hundred into another queue than its text says.
    """
    isolated = worker_environment(
        load_settings(
            kafka={"bootstrap_servers": kafka.bootstrap_servers},
            topics=topics.model_dump(),
            worker={"consumer_group": group},
        )
    )
    return isolated | {"TICKETS_TRIAGE_AUDIT_SHARE": "0"}


SOON_MISSED = {"TICKETS_WORKER_SESSION_TIMEOUT_S": "6"}
"""For workers that are killed: their partitions are given to others as soon as a broker with
Kafka's own limits allows."""

StartWorker = Callable[..., LocalWorker]


@pytest.fixture
def start_worker(
    kafka: Broker, unique_topics: TopicSettings, bundle: Path
) -> Iterator[StartWorker]:
    """Starts workers of one consumer group on this test's topics; all are ended with the test."""
    started: list[LocalWorker] = []
    group = f"group-{unique_topics.raw}"

    def start(*, wait: bool = True, serving: Path | None = None, **environment: str) -> LocalWorker:
        # By a setting, because a worker with `--bundle` follows no registry.
        model = {"TICKETS_INFERENCE_BUNDLE": str(serving or bundle)}
        worker = LocalWorker(environment_on(kafka, unique_topics, group) | model | environment)
        started.append(worker)
        if wait:
            worker.wait_until_ready()
        return worker

    yield start
    for worker in started:
        worker.kill()
