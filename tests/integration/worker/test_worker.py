"""One worker on a real broker: what it writes, what it says of itself, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas import TriagedTicket
from stream_app.broker import Broker
from stream_app.errors import Unavailable
from stream_app.messages import Record
from stream_app.settings import TopicSettings
from stream_app.topic_reader import open_reader
from tests.conftest import StartWorker
from tests.metrics import metric
from tests.verifier import Sent, Verifier, demo_tickets, send, send_records
from tests.waiting import PATIENCE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.model]

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SECRET = "xylophone-meadow-42"
STOLEN = json.dumps(
    {"ticket_id": "T-1", "text": f"My card was stolen. {SECRET}", "attributes": {"tier": "gold"}}
).encode()


def outcomes(kafka: Broker, topic: str) -> list[Record]:
    async def read() -> list[Record]:
        async with open_reader(kafka.bootstrap_servers, {}, [topic], follow=False) as reader:
            return [record async for record in reader]

    return asyncio.run(read())


def group_state(kafka: Broker, group: str) -> str:
    async def ask() -> str:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
        await admin.start()
        try:
            (answer,) = await admin.describe_consumer_groups([group])
        finally:
            await admin.close()
        ((_, _, state, *_),) = answer.groups
        return str(state)

    return asyncio.run(ask())


def test_a_triaged_record_carries_decision_headers_key_and_trace(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    sent = Sent(b"K-1", STOLEN, (("traceparent", TRACE.encode()), ("other", b"x")))
    ledger = send_records(kafka.bootstrap_servers, unique_topics.raw, [sent])
    start_worker()
    verifier.check(ledger)
    (record,) = outcomes(kafka, unique_topics.priority)
    ticket = TriagedTicket.model_validate_json(record.value or b"")
    headers = {name: (value or b"").decode() for name, value in record.headers}
    (event_id,) = ledger.records
    assert record.key == b"K-1"
    assert ticket.event_id == headers["ce_id"] == event_id
    assert ticket.ticket_id == headers["ce_subject"] == "T-1"
    assert ticket.attributes == {"tier": "gold"}
    assert headers["ce_specversion"] == "1.0"
    assert headers["ce_type"] == "ticket.triaged.v1"
    assert headers["content-type"] == "application/json"
    assert headers["ce_queue"] == "priority"
    assert headers["ce_urgent"] == "true"
    assert headers["ce_intent"] == ticket.intent
    assert headers["ce_modeldigest"] == ticket.model.digest
    assert headers["traceparent"] == TRACE
    assert "other" not in headers


def test_an_audit_of_all_leaves_nothing_in_standard_and_delays_nothing_urgent(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    ledger = send(kafka.bootstrap_servers, unique_topics.raw, [*demo_tickets(100), STOLEN])
    start_worker(TICKETS_TRIAGE_AUDIT_SHARE="1")
    verdict = verifier.check(ledger)
    routed = verdict.by_topic()
    assert routed[unique_topics.standard] == 0
    assert routed[unique_topics.priority] > 0
    marks = [
        dict(verdict.headers[event])["ce_audit"]
        for event, topics in verdict.queues.items()
        if topics != {unique_topics.dlq}
    ]
    assert set(marks) == {b"true"}


def test_a_bad_record_that_fits_only_compressed_stops_no_partition(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker
) -> None:
    bad = b"x" * (20 * 1024 * 1024)

    async def send_compressed() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers,
            compression_type="gzip",
            max_request_size=2 * len(bad),
        )
        await producer.start()
        await producer.send_and_wait(unique_topics.raw, bad, key=b"large", partition=0)
        await producer.send_and_wait(unique_topics.raw, STOLEN, partition=0)
        await producer.stop()

    asyncio.run(send_compressed())
    start_worker()
    wait_until(lambda: len(outcomes(kafka, unique_topics.priority)) == 1)
    (record,) = outcomes(kafka, unique_topics.dlq)
    assert record.key == b"large"
    assert record.value == bad


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_tickets_of_a_sender_that_compresses_are_decided(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, codec: str
) -> None:
    async def send_compressed() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers, compression_type=codec
        )
        await producer.start()
        await asyncio.gather(
            *[await producer.send(unique_topics.raw, STOLEN, partition=0) for _ in range(20)]
        )
        await producer.stop()

    asyncio.run(send_compressed())
    start_worker()
    wait_until(lambda: len(outcomes(kafka, unique_topics.priority)) == 20)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
def test_a_backlog_of_large_tickets_does_not_fill_the_memory(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker
) -> None:
    text = "My card was stolen. " * 900
    large = {"text": text, "attributes": {"page": "x" * 1024 * 1024}}
    records = [Sent(f"k{n}".encode(), json.dumps(large).encode()) for n in range(500)]
    send_records(kafka.bootstrap_servers, unique_topics.raw, records)
    worker = start_worker()
    wait_until(lambda: metric(worker, "tickets_acked_total") == len(records))
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    (peak_kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    assert int(peak_kib) / 1024 < 800


def test_a_backlog_is_decided_in_whole_micro_batches_however_little_comes_at_a_time(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    ledger = send(kafka.bootstrap_servers, unique_topics.raw, demo_tickets(1_200))
    worker = start_worker(
        TICKETS_WORKER_BATCH_TICKETS="100",
        TICKETS_WORKER_BATCH_WAIT_MS="1",
        TICKETS_WORKER_BATCHES_IN_FLIGHT="1",
    )
    verifier.check(ledger)
    whole = metric(worker, 'tickets_batch_records_bucket{le="128.0"}')
    assert whole == metric(worker, "tickets_batch_records_count")
    assert whole - metric(worker, 'tickets_batch_records_bucket{le="64.0"}') >= 10


def test_of_a_sender_with_transactions_what_it_took_back_is_not_decided_and_commits_keep_up(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker
) -> None:
    transactions = 60
    group = f"group-{unique_topics.raw}"

    async def send_in_transactions() -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers, transactional_id=unique_topics.raw
        )
        await producer.start()
        for number in range(transactions):
            await producer.begin_transaction()
            await producer.send_and_wait(unique_topics.raw, STOLEN, partition=0)
            await (producer.abort_transaction if number % 3 == 0 else producer.commit_transaction)()
        await producer.stop()

    async def committed() -> int | None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
        await admin.start()
        try:
            offsets = await admin.list_consumer_group_offsets(group)
        finally:
            await admin.close()
        found = offsets.get(TopicPartition(unique_topics.raw, 0))
        return found.offset if found else None

    asyncio.run(send_in_transactions())
    started = time.monotonic()
    start_worker(TICKETS_WORKER_COMMIT_INTERVAL_S="1")
    # Each transaction is a record and the mark behind it, and nothing is behind the last mark.
    wait_until(lambda: asyncio.run(committed()) == 2 * transactions - 1)
    assert time.monotonic() - started < transactions / 2, "one commit for each transaction"
    assert len(outcomes(kafka, unique_topics.priority)) == transactions * 2 // 3


def test_a_worker_that_waits_for_its_group_ends_at_once_when_told(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker
) -> None:
    """Until the session of a member that died is over, the group takes no other."""
    session = {"TICKETS_WORKER_SESSION_TIMEOUT_S": "60"}
    start_worker(**session).kill()
    waiting = start_worker(wait=False, **session)
    group = f"group-{unique_topics.raw}"
    wait_until(lambda: group_state(kafka, group) == "PreparingRebalance")
    told = time.monotonic()
    assert waiting.terminate() == 0, waiting.log_text()
    assert time.monotonic() - told < 20
    assert "stopped before it was ready" in waiting.log_text()


def test_probes_and_metrics_tell_readiness_counts_and_true_lag(
    kafka: Broker, unique_topics: TopicSettings, start_worker: StartWorker, verifier: Verifier
) -> None:
    records = [Sent(f"k{n}".encode(), STOLEN) for n in range(50)]
    records.append(Sent(b"bad", f"no ticket {SECRET}".encode()))
    ledger = send_records(kafka.bootstrap_servers, unique_topics.raw, records)
    worker = start_worker()
    verifier.check(ledger)
    port = worker.probe_port()
    for path in ("livez", "readyz"):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}") as answer:
            assert answer.read() == b"ok\n"
    wait_until(lambda: metric(worker, "tickets_acked_total") == 51)
    assert metric(worker, "tickets_routed_total") == 50
    assert metric(worker, "tickets_dead_lettered_total") == 1
    # Committed offsets reach the end only some time after the acks.
    wait_until(lambda: "tickets_consumer_lag_records{" in worker.metrics())
    wait_until(lambda: metric(worker, "tickets_consumer_lag_records") == 0)
    assert SECRET not in worker.metrics()
    assert SECRET not in worker.log_text()


def test_an_idle_worker_ends_at_once_with_exit_code_zero(start_worker: StartWorker) -> None:
    worker = start_worker()
    started = time.monotonic()
    assert worker.terminate() == 0
    assert time.monotonic() - started < 10
    with pytest.raises(Unavailable, match="the worker has ended"):
        worker.metrics()


def test_a_probe_port_that_is_taken_is_one_line(start_worker: StartWorker) -> None:
    first = start_worker()
    second = start_worker(wait=False, TICKETS_WORKER_PROBE_PORT=str(first.probe_port()))
    assert second.process.wait(PATIENCE_S) == 2
    assert "set TICKETS_WORKER_PROBE_PORT to a free port" in second.log_text()
    assert "Traceback" not in second.log_text()


def status(address: str) -> int:
    """The HTTP status there; 0 where nobody listens."""
    try:
        with urllib.request.urlopen(address, timeout=5) as response:  # noqa: S310 - an own address
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_worker_that_waits_for_its_first_model_answers_probes_and_ends_at_once(
    start_worker: StartWorker,
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent_registry,
        socket.create_server(("127.0.0.1", 0)) as free,
    ):
        registry = silent_registry.getsockname()[1]
        port = free.getsockname()[1]
        free.close()
        worker = start_worker(
            wait=False,
            TICKETS_REGISTRY_TRACKING_URI=f"http://127.0.0.1:{registry}",
            TICKETS_REGISTRY_REQUEST_TIMEOUT_S="60",
            TICKETS_WORKER_PROBE_PORT=str(port),
        )
        wait_until(lambda: status(f"http://127.0.0.1:{port}/livez") == 200)
        assert status(f"http://127.0.0.1:{port}/readyz") == 503
        worker.process.terminate()
        assert worker.process.wait(10) == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    ("environment", "exit_code", "told"),
    [
        ({"TICKETS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}, 3, "127.0.0.1:9"),
        ({"TICKETS_TRIAGE_POLICY": "nowhere.yaml"}, 2, "nowhere.yaml"),
        ({"TICKETS_WORKER_BATCH_TICKETS": "many"}, 2, "TICKETS_WORKER_BATCH_TICKETS"),
    ],
)
def test_what_the_operator_can_mend_is_one_line_and_an_exit_code(
    start_worker: StartWorker, environment: dict[str, str], exit_code: int, told: str
) -> None:
    worker = start_worker(wait=False, **environment)
    assert worker.process.wait(PATIENCE_S) == exit_code
    assert told in worker.log_text()
    assert "Traceback" not in worker.log_text()


def test_check_opens_everything_but_kafka(bundle: Path) -> None:
    command = [sys.executable, "-m", "stream_app", "worker", "--check", "--bundle", str(bundle)]
    environment = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "PATH": ""}
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0
    assert "are good" in result.stdout


def test_a_configured_proxy_is_not_asked_for_a_worker_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, start_worker: StartWorker
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    worker = start_worker()
    assert "tickets_acked_total" in worker.metrics()
