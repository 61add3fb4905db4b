"""The worker and the commands on a Kafka that lets nobody in without a name or a certificate."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream_app.broker import ensure_topics
from stream_app.isolation import worker_environment
from stream_app.local_worker import LocalWorker
from stream_app.messages import Record
from stream_app.settings import load_settings
from stream_app.topic_reader import open_reader
from stream_app.topics import topic_specs
from tests.secured_kafka import PASSWORD, USER, SecuredKafka, secured_kafka
from tests.verifier import Verifier, demo_tickets, send

pytestmark = [pytest.mark.kafka, pytest.mark.model]

TICKETS = 40


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    with secured_kafka(tmp_path_factory.mktemp("secured")) as cluster:
        yield cluster


def by_password(cluster: SecuredKafka, mechanism: str, password: str = PASSWORD) -> dict[str, str]:
    return {
        "TICKETS_KAFKA_BOOTSTRAP_SERVERS": cluster.sasl_over_tls,
        "TICKETS_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "TICKETS_KAFKA_SASL_MECHANISM": mechanism,
        "TICKETS_KAFKA_SASL_USERNAME": USER,
        "TICKETS_KAFKA_SASL_PASSWORD": password,
        "TICKETS_KAFKA_SSL_CAFILE": str(cluster.ca),
    }


def by_certificate(cluster: SecuredKafka) -> dict[str, str]:
    return {
        "TICKETS_KAFKA_BOOTSTRAP_SERVERS": cluster.mutual_tls,
        "TICKETS_KAFKA_SECURITY_PROTOCOL": "SSL",
        "TICKETS_KAFKA_SSL_CAFILE": str(cluster.ca),
        "TICKETS_KAFKA_SSL_CERTFILE": str(cluster.client_certificate),
        "TICKETS_KAFKA_SSL_KEYFILE": str(cluster.client_key),
    }


def ways_in(cluster: SecuredKafka) -> dict[str, dict[str, str]]:
    return {
        "plain": by_password(cluster, "PLAIN"),
        "scram": by_password(cluster, "SCRAM-SHA-512"),
        "certificate": by_certificate(cluster),
    }


def tickets(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("way", ["scram", "certificate"])
def test_a_worker_is_let_in_and_every_ticket_finds_its_way(
    cluster: SecuredKafka, bundle: Path, way: str
) -> None:
    settings = load_settings(
        kafka={"bootstrap_servers": cluster.plain},
        topics={name: f"{way}.{name}" for name in ("raw", "priority", "toxic", "review")}
        | {name: f"{way}.{name}" for name in ("standard", "dlq", "feedback")},
        worker={"consumer_group": way},
    )
    asyncio.run(ensure_topics(cluster.plain, topic_specs(settings.topics)))
    ledger = send(cluster.plain, settings.topics.raw, demo_tickets(TICKETS))
    worker = LocalWorker(worker_environment(settings) | ways_in(cluster)[way], bundle=bundle)
    verifier = Verifier(cluster.plain, settings.topics)
    try:
        worker.wait_until_ready()
        verifier.check(ledger)
    finally:
        verifier.close()
        worker.kill()


@pytest.mark.parametrize("way", ["plain", "scram", "certificate"])
def test_the_commands_are_let_in(cluster: SecuredKafka, tmp_path: Path, way: str) -> None:
    topics = {
        "TICKETS_TOPICS_RAW": f"commands.{way}.raw",
        "TICKETS_TOPICS_DLQ": f"commands.{way}.dlq",
    }
    path = tmp_path / "tickets.txt"
    path.write_text("My card was stolen\n")
    sent = tickets("produce", str(path), **ways_in(cluster)[way], **topics)
    assert sent.returncode == 0, sent.stderr
    (record,) = asyncio.run(records(cluster.plain, topics["TICKETS_TOPICS_RAW"]))
    assert b"My card was stolen" in (record.value or b"")
    listed = tickets("dlq", "list", **ways_in(cluster)[way], **topics)
    assert listed.returncode == 0, listed.stderr


async def records(servers: str, topic: str) -> list[Record]:
    async with open_reader(servers, {}, [topic], follow=False) as reader:
        return [record async for record in reader]


def refused(cluster: SecuredKafka, tmp_path: Path, way: dict[str, str]) -> str:
    path = tmp_path / "tickets.txt"
    path.write_text("My card was stolen\n")
    ran = tickets("produce", str(path), **way)
    assert ran.returncode == 3
    (line,) = ran.stderr.strip().splitlines()
    assert "accepts connections but" in line
    assert "refuses this client" in line
    assert PASSWORD not in line
    return line


def test_a_wrong_password_is_one_line_that_does_not_tell_it(
    cluster: SecuredKafka, tmp_path: Path
) -> None:
    wrong = "walnut-thunder-4402"
    line = refused(cluster, tmp_path, by_password(cluster, "SCRAM-SHA-512", wrong))
    assert wrong not in line


def test_nobody_is_let_in_without_a_certificate_of_their_own(
    cluster: SecuredKafka, tmp_path: Path
) -> None:
    way = by_certificate(cluster)
    del way["TICKETS_KAFKA_SSL_CERTFILE"], way["TICKETS_KAFKA_SSL_KEYFILE"]
    refused(cluster, tmp_path, way)


def test_a_broker_of_an_unknown_authority_is_told_nothing(
    cluster: SecuredKafka, tmp_path: Path
) -> None:
    way = by_password(cluster, "PLAIN")
    del way["TICKETS_KAFKA_SSL_CAFILE"]
    refused(cluster, tmp_path, way)
