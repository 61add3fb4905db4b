"""`tickets classify` and `tickets replay` as a person or a script runs them."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from schemas import TriagedTicket
from stream_app.broker import Broker
from stream_app.settings import TopicSettings
from tests.conftest import ROOT, StartWorker, environment_on
from tests.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.model]

KEYS = {
    "data",
    "records",
    "routed",
    "dead_lettered",
    "lost",
    "duplicates",
    "in_several_queues",
    "accuracy",
    "macro_f1",
    "throughput_per_s",
    "latency_ms",
    "model",
}


def tickets(
    *arguments: str, environment: dict[str, str] | None = None, text: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments],
        env={**os.environ, **(environment or {})},
        input=text,
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Every fifth row of the starter set, and a row that can only be a dead letter."""
    with (ROOT / "training" / "starter" / "part_a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[::5]
    path = tmp_path / "labelled.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["text", "category"])
        writer.writeheader()
        writer.writerows(rows)
        writer.writerow({"text": "a" * 20_001, "category": "activate_my_card"})
    return path


def test_classify_prints_one_triaged_ticket_as_in_the_schema(bundle: Path) -> None:
    result = tickets("classify", "My card was stolen", "--json", "--bundle", str(bundle))
    assert result.returncode == 0, result.stderr
    ticket = TriagedTicket.model_validate_json(result.stdout)
    assert ticket.queue == "priority"
    assert ticket.source is None


def test_classify_reads_lines_and_decides_each_as_it_would_alone(bundle: Path) -> None:
    lines = ["My card was stolen", "", "how do I change my PIN", "what is the exchange rate"]
    result = tickets("classify", "--json", "--bundle", str(bundle), text="\n".join(lines))
    together = [TriagedTicket.model_validate_json(line) for line in result.stdout.splitlines()]
    assert [ticket.text for ticket in together] == [line for line in lines if line]
    alone = tickets("classify", lines[2], "--json", "--bundle", str(bundle))
    ticket = TriagedTicket.model_validate_json(alone.stdout)
    assert ticket.queue == together[1].queue
    assert ticket.confidence == pytest.approx(together[1].confidence, abs=1e-3)


def test_classify_refuses_what_would_be_a_dead_letter(bundle: Path) -> None:
    result = tickets("classify", " ", "--bundle", str(bundle))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr == "error: no ticket: `text` is empty\n"


def test_replay_accounts_for_every_record_on_a_running_worker(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, labelled: Path
) -> None:
    start_worker()
    environment = environment_on(kafka, unique_topics, "unused")
    result = tickets("replay", str(labelled), "--json", environment=environment)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report.keys() == KEYS
    assert report["dead_lettered"] == 1
    assert sum(report["routed"].values()) + 1 == report["records"]
    assert (report["lost"], report["duplicates"], report["in_several_queues"]) == (0, 0, 0)
    assert report["accuracy"] > 0.8
    assert report["latency_ms"]["p99"] >= report["latency_ms"]["p50"] > 0
    assert report["model"]["digest"].startswith("sha256:")


def test_replay_without_a_worker_says_what_is_lost_and_exits_with_4(
    kafka: Broker, unique_topics: TopicSettings, labelled: Path
) -> None:
    environment = environment_on(kafka, unique_topics, "unused")
    result = tickets(
        "replay",
        str(labelled),
        "--limit",
        "3",
        "--patience",
        "2",
        "--json",
        environment=environment,
    )
    assert result.returncode == 4
    assert json.loads(result.stdout)["lost"] == 3
    assert "is a worker running?" in result.stderr


def test_a_local_replay_leaves_nothing_on_a_broker_that_others_use(
    kafka: Broker, bundle: Path, labelled: Path
) -> None:
    environment = {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
    result = tickets(
        "replay",
        str(labelled),
        "--local",
        "--limit",
        "40",
        "--json",
        "--bundle",
        str(bundle),
        environment=environment,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["lost"] == 0
    listed = tickets("tail", "priority", "--limit", "1", environment=environment)
    assert listed.returncode == 3
    assert "tickets.priority" in listed.stderr


def test_a_local_replay_whose_terminal_is_closed_takes_its_topics_along(
    kafka: Broker, bundle: Path, labelled: Path
) -> None:
    before = topics_of_replays(kafka)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "stream_app", "replay", str(labelled), "--local"),
            *("--rate", "1", "--bundle", str(bundle)),
        ],
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: topics_of_replays(kafka) > before)
        process.send_signal(signal.SIGHUP)
        _, errors = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 129
    assert "Traceback" not in errors
    assert topics_of_replays(kafka) == before


def topics_of_replays(kafka: Broker) -> set[str]:
    async def listed() -> list[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
        await admin.start()
        try:
            return list(await admin.list_topics())
        finally:
            await admin.close()

    return {name for name in asyncio.run(listed()) if name.startswith("replay-")}
