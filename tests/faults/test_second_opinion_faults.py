"""Whatever the language model's server does, every ticket arrives, in time, and none is lowered."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator

import pytest

from schemas import TriagedTicket
from stream_app.broker import Broker
from stream_app.settings import TopicSettings
from tests.conftest import SOON_MISSED, StartWorker
from tests.llm_server import (
    Exchange,
    LlmServer,
    Received,
    Reply,
    answer,
    body,
    completion,
    drip,
    error,
    hang,
    held,
    huge,
    quoting,
    reset,
    says,
)
from tests.metrics import metric
from tests.verifier import Ledger, Verdict, Verifier, demo_tickets, send
from tests.waiting import holds_for, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.model]

KEY = "test-key-of-the-language-model"
CARD = "4111 1111 1111 1111"
DEADLINE_S = 2.0

URGENT = "My card was stolen and somebody is paying with it right now."
DOUBTFUL = "My order and the blue trees, number {}"

BROKEN = (
    error(429, retry_after="30"),
    error(500),
    hang(),
    reset(),
    reset(after_bytes=40),
    drip(),
    body(b'{"choices": [{"mess'),
    says('```json\n{"urgency": "perhaps"}\n```'),
    says('{"urgent": true}'),
    says(None, refusal="I will not"),
    body(completion(None) | {"choices": []}),
    huge(10_000_000),
    quoting(),
    error(401),
)


def in_turn(*replies: Reply) -> Reply:
    """Each request gets the next of `replies`, again and again."""
    turns, lock = itertools.cycle(replies), threading.Lock()

    def reply(exchange: Exchange, received: Received) -> None:
        with lock:
            chosen = next(turns)
        chosen(exchange, received)

    return reply


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


def asking(server: LlmServer, **settings: str) -> dict[str, str]:
    return {
        "TICKETS_LLM_API_KEY": KEY,
        "TICKETS_LLM_BASE_URL": server.base_url,
        "TICKETS_LLM_MODEL": "test-model",
        "TICKETS_LLM_DEADLINE_S": str(DEADLINE_S),
        **settings,
    }


def decided(verdict: Verdict) -> list[TriagedTicket]:
    return [
        TriagedTicket.model_validate_json(value)
        for event, value in verdict.values.items()
        if value is not None and not any(topic.endswith(".dlq") for topic in verdict.queues[event])
    ]


def tickets(*texts: str) -> list[bytes]:
    return [json.dumps({"text": text}).encode() for text in texts]


def tells_card(text: str) -> bool:
    """Whether two groups of `CARD` stand there. One may also be part of a random delimiter."""
    return "41111111" in text or "4111 1111" in text or "1111 1111" in text


def latest_s(verdict: Verdict, ledger: Ledger) -> float:
    """The longest time from a raw record to its outcome."""
    return max(
        (verdict.written_ms[event] - ledger.written_ms[event]) / 1000 for event in ledger.records
    )


def test_a_verdict_raises_a_doubtful_ticket_to_priority(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    server: LlmServer,
) -> None:
    server.default = answer(urgency="urgent")
    ledger = send(kafka.bootstrap_servers, unique_topics.raw, tickets(DOUBTFUL.format("")))
    start_worker(**asking(server))
    (ticket,) = decided(verifier.check(ledger))
    assert ticket.queue == "priority"
    assert ticket.llm is not None
    assert ticket.llm.outcome == "answered"
    assert "llm.urgent" in {finding.rule for finding in ticket.findings}


def test_a_broken_server_loses_delays_and_lowers_nothing(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    server: LlmServer,
) -> None:
    server.default = in_turn(*BROKEN)
    # Enough at a time that each of the broken answers is given, however slow the machine is.
    many = {"TICKETS_LLM_BREAKER_FAILURES": "1000", "TICKETS_LLM_MAX_CONCURRENT": "16"}
    worker = start_worker(**asking(server, **many))
    doubtful = tickets(*(f"{DOUBTFUL.format(CARD)} {number}" for number in range(60)))
    ledger = send(
        kafka.bootstrap_servers,
        unique_topics.raw,
        [*doubtful, *tickets(*(f"{URGENT} {number}" for number in range(60)))],
    )
    verdict = verifier.check(ledger)
    assert latest_s(verdict, ledger) < DEADLINE_S + 3.0
    asked = [ticket for ticket in decided(verdict) if ticket.llm is not None]
    outcomes = {ticket.llm.outcome for ticket in asked if ticket.llm}
    assert {"deadline", "refused", "malformed", "unreachable"} <= outcomes
    assert all(ticket.degraded and ticket.queue == "review" for ticket in asked)
    urgent = [ticket for ticket in decided(verdict) if ticket.text.startswith(URGENT)]
    assert {ticket.queue for ticket in urgent} == {"priority"}
    assert len(server.received) >= len(BROKEN)
    for request in server.received:
        assert not tells_card(request.body.decode())
        assert KEY not in request.body.decode()
    for told in (worker.log_text(), worker.metrics()):
        assert KEY not in told
        assert not tells_card(told)
        assert "blue trees" not in told


def test_a_slow_server_holds_up_no_ticket_that_does_not_need_it(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    server: LlmServer,
) -> None:
    gate = threading.Event()
    server.default = held(gate)
    start_worker(**asking(server, TICKETS_LLM_DEADLINE_S="60"))
    ledger = send(
        kafka.bootstrap_servers,
        unique_topics.raw,
        [
            *tickets(*(f"{DOUBTFUL.format('')} {number}" for number in range(3))),
            *tickets(*(f"{URGENT} {number}" for number in range(600))),
        ],
    )
    verifier.wait_for_outcomes(600)
    gate.set()
    verdict = verifier.check(ledger)
    outcomes = [ticket.llm.outcome for ticket in decided(verdict) if ticket.llm is not None]
    assert outcomes == ["answered"] * 3
    waiting = {ticket.event_id for ticket in decided(verdict) if ticket.llm is not None}
    written = verdict.written_ms
    assert max(written[event] for event in written.keys() - waiting) < min(
        written[event] for event in waiting
    )


@pytest.mark.parametrize("order", ["kill", "terminate"])
def test_a_worker_that_ends_while_tickets_wait_for_verdicts_loses_none(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    server: LlmServer,
    order: str,
) -> None:
    server.default = hang()
    ledger = send(
        kafka.bootstrap_servers,
        unique_topics.raw,
        [*tickets(DOUBTFUL.format("")), *demo_tickets(500)],
    )
    environment = asking(server, TICKETS_LLM_DEADLINE_S="30", **SOON_MISSED)
    worker = start_worker(**environment)
    verifier.wait_for_outcomes(200)
    wait_until(lambda: bool(server.received), "nobody waits for a verdict")
    assert getattr(worker, order)() in (0, -9)
    server.default = answer()
    start_worker(**environment)
    verdict = verifier.check(ledger)
    assert verdict.copies > 0, "nothing was published ahead of the waiting ticket"


def test_unacked_tickets_are_bounded_while_verdicts_are_awaited(
    kafka: Broker,
    unique_topics: TopicSettings,
    start_worker: StartWorker,
    verifier: Verifier,
    server: LlmServer,
) -> None:
    gate = threading.Event()
    server.default = held(gate)
    worker = start_worker(
        **asking(
            server,
            TICKETS_LLM_DEADLINE_S="60",
            TICKETS_WORKER_UNACKED_RECORDS="100",
            TICKETS_WORKER_BATCH_TICKETS="50",
        )
    )
    doubtful = send(kafka.bootstrap_servers, unique_topics.raw, tickets(DOUBTFUL.format("")))
    wait_until(lambda: len(server.received) == 1)
    others = send(
        kafka.bootstrap_servers,
        unique_topics.raw,
        tickets(*(f"{URGENT} {number}" for number in range(600))),
    )
    # Whatever the sizes of the micro-batches, one more of 50 would be too many.
    wait_until(lambda: metric(worker, "tickets_consumed_total") > 50)
    holds_for(
        lambda: metric(worker, "tickets_consumed_total") <= 100,
        "more was taken than may be unacked",
        seconds=3.0,
    )
    assert metric(worker, "tickets_acked_total") == 0
    gate.set()
    verdict = verifier.check(Ledger(doubtful.records | others.records))
    assert [t.llm.outcome for t in decided(verdict) if t.llm is not None] == ["answered"]
