"""Whatever the language model's server does, a question ends in time and gives nothing away."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import json
import logging
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from prometheus_client import CollectorRegistry, generate_latest

from schemas import LabelAnswer, LlmOutcome, LlmVerdict, ToxicityAnswer, UrgencyAnswer
from stream_app.llm import LlmLayer, Question, open_layer
from stream_app.llm.prompt import load_prompt
from stream_app.settings import LlmSettings
from tests.injections import injection_attempts
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
    huge,
    quoting,
    raw,
    reset,
    says,
)
from tests.waiting import wait_until

DEADLINE_S = 0.8
"""Where it is meant to pass."""

GRACE_S = 3.0
"""For the machine that runs the tests, which may be busy; less than a slow answer needs."""

TOO_LATE = {LlmOutcome.DEADLINE, LlmOutcome.OVERLOADED}
"""How a question ends whose turn does not come, or not in time."""

KEY = "test-key"
RIGHT = '{"urgency": "urgent", "toxicity": "none"}'
TEN_MB = 10_000_000

PROMPT = load_prompt()
RESERVED = PROMPT.most_input_tokens(len("ticket 0"), None) + PROMPT.max_answer_tokens
"""Tokens that are set aside for a short question while it is under way."""

FOR_ONE = int(1.5 * RESERVED)
"""An hour's tokens that are enough for one question at a time."""


@pytest.fixture
def server() -> Iterator[LlmServer]:
    with LlmServer() as server:
        yield server


@dataclass(frozen=True)
class Certificate:
    """A certificate for 127.0.0.1 that nobody else has signed, with its key, in PEM."""

    file: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return Certificate(file)


@asynccontextmanager
async def opened(
    server: LlmServer | str, registry: CollectorRegistry | None = None, **settings: object
) -> AsyncIterator[LlmLayer]:
    values: dict[str, object] = {
        "api_key": KEY,
        "base_url": server if isinstance(server, str) else server.base_url,
        "model": "test-model",
        "deadline_s": 30.0,
        "breaker_failures": 100,
    }
    layer = open_layer(
        LlmSettings.model_validate(values | settings), registry or CollectorRegistry()
    )
    assert layer is not None
    try:
        yield layer
    finally:
        await layer.aclose()


def question(text: str = "Where is my card?", intent: str | None = None) -> Question:
    return Question(text, intent, policy_version="1")


async def ended(asked: LlmVerdict | Awaitable[LlmVerdict]) -> LlmVerdict:
    return asked if isinstance(asked, LlmVerdict) else await asked


async def ask(layer: LlmLayer, asked: Question | None = None) -> LlmVerdict:
    return await ended(layer.try_ask(asked or question()))


async def until(holds: Callable[[], bool]) -> None:
    await asyncio.to_thread(wait_until, holds, every_s=0.01)


async def test_an_answer_is_read_into_a_verdict(server: LlmServer) -> None:
    server.script.append(answer(urgency="urgent", toxicity="swearing", label="contradicts"))
    async with opened(server) as layer:
        verdict = await ask(layer, question(intent="card_arrival"))
    assert verdict == LlmVerdict(
        outcome=LlmOutcome.ANSWERED,
        urgency=UrgencyAnswer.URGENT,
        toxicity=ToxicityAnswer.SWEARING,
        label=LabelAnswer.CONTRADICTS,
        model="test-model",
        prompt_version="1",
    )


def packed(status: int = 200) -> Reply:
    return body(gzip.compress(b"a" * TEN_MB), status, headers={"Content-Encoding": "gzip"})


FAULTS: dict[str, tuple[Reply, LlmOutcome, int]] = {
    "429": (error(429), LlmOutcome.UNREACHABLE, 2),
    "429 for longer than the deadline": (error(429, retry_after="60"), LlmOutcome.UNREACHABLE, 1),
    "429 until a date": (
        error(429, retry_after="Fri, 01 Jan 2999 00:00:00 GMT"),
        LlmOutcome.UNREACHABLE,
        1,
    ),
    "500": (error(500), LlmOutcome.UNREACHABLE, 2),
    "503 with 10 MB": (huge(TEN_MB, 503), LlmOutcome.UNREACHABLE, 2),
    "packed 503": (packed(503), LlmOutcome.UNREACHABLE, 2),
    "packed 401": (packed(401), LlmOutcome.REJECTED, 1),
    "connection reset": (reset(), LlmOutcome.UNREACHABLE, 2),
    "connection reset in the answer": (reset(after_bytes=100), LlmOutcome.UNREACHABLE, 2),
    "no HTTP": (raw(b"220 mail.example ESMTP\r\n"), LlmOutcome.UNREACHABLE, 2),
    "endless headers": (
        raw(b"HTTP/1.1 200 OK\r\n" + b"X-Header: filler\r\n" * 50_000),
        LlmOutcome.UNREACHABLE,
        2,
    ),
    "401": (error(401), LlmOutcome.REJECTED, 1),
    "400": (error(400), LlmOutcome.REJECTED, 1),
    "404": (error(404), LlmOutcome.REJECTED, 1),
    "hang": (hang(), LlmOutcome.DEADLINE, 1),
    "slow drip": (drip(), LlmOutcome.DEADLINE, 1),
    "slow answer": (answer(after_s=5.0), LlmOutcome.DEADLINE, 1),
    "10 MB": (huge(TEN_MB), LlmOutcome.MALFORMED, 1),
    "packed 10 MB": (packed(), LlmOutcome.MALFORMED, 1),
    "truncated content": (says(RIGHT[:-4]), LlmOutcome.MALFORMED, 1),
    "truncated body": (
        body(json.dumps(completion(RIGHT)).encode()[:-30]),
        LlmOutcome.MALFORMED,
        1,
    ),
    "other words": (says('{"urgency": "high", "toxicity": "no"}'), LlmOutcome.MALFORMED, 1),
    "other fields": (says('{"answer": "urgent"}'), LlmOutcome.MALFORMED, 1),
    "prose": (says("This ticket is not urgent."), LlmOutcome.MALFORMED, 1),
    "no content": (says(None), LlmOutcome.MALFORMED, 1),
    "the prompt quoted": (quoting(), LlmOutcome.MALFORMED, 1),
    "refusal": (says(None, refusal="I cannot help with that."), LlmOutcome.REFUSED, 1),
    "no choices": (body(completion(RIGHT) | {"choices": []}), LlmOutcome.MALFORMED, 1),
    "choices of another kind": (
        body(completion(RIGHT) | {"choices": "none"}),
        LlmOutcome.MALFORMED,
        1,
    ),
    "null": (body(None), LlmOutcome.MALFORMED, 1),
    "a web page": (body(b"<html><body>Welcome</body></html>"), LlmOutcome.MALFORMED, 1),
    "nothing": (body(b""), LlmOutcome.MALFORMED, 1),
    "no UTF-8": (body(b'{"choices": "\xff\xfe"}'), LlmOutcome.MALFORMED, 1),
    "deep nesting": (body(b"[" * 100_000), LlmOutcome.MALFORMED, 1),
}


@pytest.mark.parametrize(
    ("reply", "outcome", "requests"),
    [pytest.param(*fault, id=name) for name, fault in FAULTS.items()],
)
async def test_a_fault_ends_without_an_answer_within_the_deadline(
    server: LlmServer, reply: Reply, outcome: LlmOutcome, requests: int
) -> None:
    server.default = reply
    deadline_s = DEADLINE_S if outcome is LlmOutcome.DEADLINE else 30.0
    async with opened(server, deadline_s=deadline_s) as layer:
        begin = time.monotonic()
        verdict = await ask(layer)
        seconds = time.monotonic() - begin
    assert verdict.outcome is outcome
    assert (verdict.urgency, verdict.toxicity, verdict.label) == (None, None, None)
    assert seconds < deadline_s + GRACE_S
    assert len(server.received) == requests


async def test_a_fenced_answer_is_an_answer(server: LlmServer) -> None:
    server.default = says(f"```json\n{RIGHT}\n```")
    async with opened(server) as layer:
        assert (await ask(layer)).urgency is UrgencyAnswer.URGENT


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with opened(f"http://127.0.0.1:{port}/v1") as layer:
        assert (await ask(layer)).outcome is LlmOutcome.UNREACHABLE


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_server_that_takes_connections_and_says_nothing_ends_at_the_deadline(
    scheme: str,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/v1"
        async with opened(address, deadline_s=DEADLINE_S) as layer:
            begin = time.monotonic()
            assert (await ask(layer)).outcome is LlmOutcome.DEADLINE
            assert time.monotonic() - begin < DEADLINE_S + GRACE_S


async def test_over_tls_an_answer_is_read_and_a_hanging_server_is_left_in_time(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    with LlmServer(tls=certificate.server_context()) as server:
        server.script.extend([answer(), drip(), hang()])
        async with opened(server, deadline_s=DEADLINE_S) as layer:
            assert (await ask(layer, question("first"))).outcome is LlmOutcome.ANSWERED
            for text in ("second", "third"):
                begin = time.monotonic()
                assert (await ask(layer, question(text))).outcome is LlmOutcome.DEADLINE
                assert time.monotonic() - begin < DEADLINE_S + GRACE_S


async def test_a_server_without_a_trusted_certificate_gets_no_ticket_and_no_key(
    certificate: Certificate,
) -> None:
    with LlmServer(tls=certificate.server_context()) as server:
        async with opened(server) as layer:
            assert (await ask(layer)).outcome is LlmOutcome.UNREACHABLE
        assert server.received == []


async def test_a_redirect_takes_the_ticket_nowhere(server: LlmServer) -> None:
    with LlmServer() as elsewhere:
        server.default = body(b"", 307, {"Location": f"{elsewhere.base_url}/chat/completions"})
        async with opened(server) as layer:
            assert (await ask(layer)).outcome is LlmOutcome.REJECTED
        assert elsewhere.received == []


async def test_a_proxy_of_the_environment_does_not_read_tickets(
    server: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LlmServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base_url.removesuffix("/v1"))
        async with opened(server) as layer:
            assert (await ask(layer)).outcome is LlmOutcome.ANSWERED
        assert proxy.received == []


async def test_a_huge_answer_is_not_read_into_memory(server: LlmServer) -> None:
    server.default = huge(TEN_MB)
    async with opened(server) as layer:
        tracemalloc.start()
        try:
            await ask(layer)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("fault", [error(429), error(503), reset()], ids=["429", "503", "reset"])
async def test_one_more_try_mends_a_passing_fault(server: LlmServer, fault: Reply) -> None:
    server.script.append(fault)
    async with opened(server) as layer:
        assert (await ask(layer)).outcome is LlmOutcome.ANSWERED
    assert len(server.received) == 2


async def test_the_second_try_waits_for_as_long_as_the_server_asked(server: LlmServer) -> None:
    server.script.append(error(429, retry_after="0.5"))
    async with opened(server) as layer:
        assert (await ask(layer)).outcome is LlmOutcome.ANSWERED
    first, second = server.received
    assert second.at - first.at >= 0.5


async def test_a_storm_of_429_ends_every_question_and_then_suspends(server: LlmServer) -> None:
    server.default = error(429)
    async with opened(
        server, max_concurrent=4, max_waiting=100, breaker_failures=8, deadline_s=DEADLINE_S
    ) as layer:
        begin = time.monotonic()
        asked = [layer.try_ask(question(f"ticket {number:x}")) for number in range(60)]
        verdicts = [await ended(one) for one in asked]
        seconds = time.monotonic() - begin
        assert (await ask(layer)).outcome is LlmOutcome.SUSPENDED
    assert {verdict.outcome for verdict in verdicts} <= {
        LlmOutcome.UNREACHABLE,
        LlmOutcome.SUSPENDED,
        LlmOutcome.DEADLINE,
    }
    assert seconds < DEADLINE_S + GRACE_S
    assert len(server.received) <= 2 * (8 + 4)


class Crowd:
    """Answers once `release` is called, and knows how many were answered at a time."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self._lock = threading.Lock()
        self._released = threading.Event()

    def release(self) -> None:
        self._released.set()

    def __call__(self, exchange: Exchange, received: Received) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self._released.wait(30.0)
        with self._lock:
            self.inside -= 1
        answer()(exchange, received)


async def test_requests_at_a_time_and_questions_that_wait_are_bounded(server: LlmServer) -> None:
    server.default = crowd = Crowd()
    async with opened(server, max_concurrent=2, max_waiting=3) as layer:
        asked = [layer.try_ask(question(f"ticket {number:x}")) for number in range(6)]
        assert [isinstance(one, LlmVerdict) for one in asked] == [False] * 5 + [True]
        assert (await ended(asked[5])).outcome is LlmOutcome.OVERLOADED
        await until(lambda: crowd.inside == 2)
        crowd.release()
        outcomes = {(await ended(one)).outcome for one in asked[:5]}
        assert outcomes == {LlmOutcome.ANSWERED}
        assert (await ask(layer, question("one more"))).outcome is LlmOutcome.ANSWERED
    assert crowd.most == 2


async def test_a_question_whose_turn_does_not_come_ends_in_time_and_is_never_sent(
    server: LlmServer,
) -> None:
    server.default = hang()
    registry = CollectorRegistry()
    async with opened(
        server, registry, max_concurrent=1, max_waiting=5, deadline_s=DEADLINE_S
    ) as layer:
        asked = [layer.try_ask(question(f"ticket {number:x}")) for number in range(3)]
        first, *others = [(await ended(one)).outcome for one in asked]
        assert first is LlmOutcome.DEADLINE
        assert set(others) <= TOO_LATE
        assert registry.get_sample_value("tickets_llm_waiting") == 0
    assert len(server.received) == 1


async def test_a_question_whose_turn_would_come_too_late_is_refused_at_once(
    server: LlmServer,
) -> None:
    server.default = answer(after_s=0.8)
    async with opened(server, max_concurrent=1, max_waiting=20, deadline_s=2.2) as layer:
        assert (await ask(layer, question("how long does it take?"))).outcome is LlmOutcome.ANSWERED
        asked = [layer.try_ask(question(f"ticket {number:x}")) for number in range(3)]
        assert [isinstance(one, LlmVerdict) for one in asked] == [False, False, True]
        assert (await ended(asked[2])).outcome is LlmOutcome.OVERLOADED
        assert [(await ended(one)).outcome for one in asked[:2]] == [LlmOutcome.ANSWERED] * 2


async def test_questions_that_would_be_answered_too_late_are_not_sent(server: LlmServer) -> None:
    server.default = answer(after_s=0.4)
    outcomes: list[LlmOutcome] = []
    async with opened(
        server, max_concurrent=1, max_waiting=20, deadline_s=1.0, tokens_per_hour=10**9
    ) as layer:
        for wave in range(3):
            asked = [layer.try_ask(question(f"{wave} ticket {number:x}")) for number in range(10)]
            outcomes += [(await ended(one)).outcome for one in asked]
    answered = outcomes.count(LlmOutcome.ANSWERED)
    assert set(outcomes) <= TOO_LATE | {LlmOutcome.ANSWERED}
    assert answered >= 3
    # One may be sent in vain, as long as nothing is known of the server.
    assert len(server.received) <= answered + 1


async def test_a_question_that_was_in_the_queue_as_it_was_answered_is_not_asked_again(
    server: LlmServer,
) -> None:
    server.default = answer(after_s=0.1)
    async with opened(server, max_concurrent=1, max_waiting=9) as layer:
        asked = [layer.try_ask(question()) for _ in range(5)]
        outcomes = [(await ended(one)).outcome for one in asked]
    assert outcomes == [LlmOutcome.ANSWERED, *([LlmOutcome.CACHED] * 4)]
    assert len(server.received) == 1


async def test_a_question_that_is_cancelled_before_it_begins_costs_nothing(
    server: LlmServer,
) -> None:
    async with opened(server, tokens_per_hour=FOR_ONE) as layer:
        asked = layer.try_ask(question("ticket 0"))
        assert isinstance(asked, asyncio.Task)
        asked.cancel()
        await asyncio.wait([asked])
        assert (await ask(layer, question("ticket 1"))).outcome is LlmOutcome.ANSWERED


async def test_after_failures_in_a_row_one_question_tries_the_server_again(
    server: LlmServer,
) -> None:
    server.default = error(500, retry_after="60")
    registry = CollectorRegistry()

    def state(name: str) -> bool:
        return registry.get_sample_value("tickets_llm_breaker", {"state": name}) == 1

    async with opened(server, registry, breaker_failures=2, breaker_pause_s=1.0) as layer:
        for number in range(2):
            await ask(layer, question(f"ticket {number:x}"))
        assert state("open")
        assert isinstance(layer.try_ask(question()), LlmVerdict)
        await until(lambda: state("half_open"))
        server.default = answer()
        asked = [layer.try_ask(question(f"again {number:x}")) for number in range(3)]
        outcomes = [(await ended(one)).outcome for one in asked]
        assert outcomes == [LlmOutcome.ANSWERED, LlmOutcome.SUSPENDED, LlmOutcome.SUSPENDED]
        assert state("closed")
        assert (await ask(layer)).outcome is LlmOutcome.ANSWERED


@pytest.mark.parametrize(
    ("reply", "suspends"),
    [
        pytest.param(error(401), True, id="401"),
        pytest.param(hang(), True, id="hang"),
        pytest.param(error(400), False, id="400"),
        pytest.param(says("nonsense"), False, id="nonsense"),
        pytest.param(says(None, refusal="no"), False, id="refusal"),
    ],
)
async def test_what_one_ticket_can_cause_does_not_suspend_the_others(
    server: LlmServer, reply: Reply, suspends: bool
) -> None:
    server.default = reply
    async with opened(server, breaker_failures=2, deadline_s=DEADLINE_S) as layer:
        for number in range(2):
            await ask(layer, question(f"ticket {number:x}"))
        server.default = answer()
        verdict = await ask(layer, question("another"))
    assert (verdict.outcome is LlmOutcome.SUSPENDED) == suspends


async def test_a_cancelled_question_frees_its_turn(server: LlmServer) -> None:
    server.script.append(hang())
    async with opened(server, max_concurrent=1) as layer:
        asked = layer.try_ask(question("first"))
        assert isinstance(asked, asyncio.Task)
        await until(lambda: len(server.received) == 1)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert (await ask(layer, question("second"))).outcome is LlmOutcome.ANSWERED


async def test_closing_ends_what_is_open(server: LlmServer) -> None:
    server.default = hang()
    async with opened(server, max_concurrent=1) as layer:
        asked = [layer.try_ask(question(f"ticket {number:x}")) for number in range(3)]
        await until(lambda: len(server.received) == 1)
        await layer.aclose()
        assert all(isinstance(one, asyncio.Task) and one.cancelled() for one in asked)


async def test_the_hours_tokens_are_reserved_and_settled_with_what_was_used(
    server: LlmServer,
) -> None:
    registry = CollectorRegistry()
    async with opened(server, registry, tokens_per_hour=FOR_ONE) as layer:
        two = [layer.try_ask(question(f"ticket {number:x}")) for number in range(2)]
        assert [(await ended(one)).outcome for one in two] == [
            LlmOutcome.ANSWERED,
            LlmOutcome.BUDGET,
        ]
        outcomes = [(await ask(layer, question(f"more {number:x}"))).outcome for number in range(8)]
    answered = outcomes.count(LlmOutcome.ANSWERED)
    assert outcomes == [LlmOutcome.ANSWERED] * answered + [LlmOutcome.BUDGET] * (8 - answered)
    assert 0 < answered < 8
    sent = registry.get_sample_value("tickets_llm_tokens_total", {"direction": "input"})
    assert sent == 600 * (1 + answered)


async def test_an_answer_that_never_came_may_have_cost_all_that_was_reserved(
    server: LlmServer,
) -> None:
    server.script.append(hang())
    async with opened(server, tokens_per_hour=FOR_ONE, deadline_s=DEADLINE_S) as layer:
        assert (await ask(layer, question("first"))).outcome is LlmOutcome.DEADLINE
        assert (await ask(layer, question("second"))).outcome is LlmOutcome.BUDGET


async def test_a_request_that_arrived_may_have_cost_all_that_was_reserved_though_the_line_broke(
    server: LlmServer,
) -> None:
    server.script.append(reset())
    async with opened(server, tokens_per_hour=FOR_ONE) as layer:
        assert (await ask(layer, question("first"))).outcome is LlmOutcome.UNREACHABLE
        assert (await ask(layer, question("second"))).outcome is LlmOutcome.BUDGET


async def test_a_connection_that_is_refused_costs_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with opened(f"http://127.0.0.1:{port}/v1", tokens_per_hour=FOR_ONE) as layer:
        assert (await ask(layer, question("ticket 0"))).outcome is LlmOutcome.UNREACHABLE
        with LlmServer(port=port):
            assert (await ask(layer, question("ticket 1"))).outcome is LlmOutcome.ANSWERED


async def test_a_connection_that_is_not_made_in_time_costs_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        port = full.getsockname()[1]
        for _ in range(3):
            queued = waiting.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(("127.0.0.1", port))
        async with opened(
            f"http://127.0.0.1:{port}/v1", tokens_per_hour=FOR_ONE, deadline_s=3.0
        ) as layer:
            assert (await ask(layer, question("ticket 0"))).outcome is LlmOutcome.UNREACHABLE
            assert (await ask(layer, question("ticket 1"))).outcome is LlmOutcome.UNREACHABLE


async def test_a_proxy_that_refuses_to_pass_a_request_on_makes_it_cost_nothing(
    server: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.base_url.removesuffix("/v1"))
    async with opened("https://llm.invalid/v1", tokens_per_hour=FOR_ONE) as layer:
        for number in range(2):
            verdict = await ask(layer, question(f"ticket {number:x}"))
            assert verdict.outcome is LlmOutcome.UNREACHABLE
    assert server.received == []


async def test_a_question_that_was_never_sent_costs_nothing(server: LlmServer) -> None:
    server.script.append(hang())
    async with opened(
        server, max_concurrent=1, tokens_per_hour=3 * RESERVED, deadline_s=0.5
    ) as layer:
        two = [layer.try_ask(question(f"ticket {number:x}")) for number in range(2)]
        assert {(await ended(one)).outcome for one in two} <= TOO_LATE
        assert len(server.received) == 1
        for number in range(2):
            verdict = await ask(layer, question(f"again {number:x}"))
            assert verdict.outcome is not LlmOutcome.BUDGET


async def test_hanging_requests_leave_no_connection_taken(server: LlmServer) -> None:
    server.script.extend([hang()] * 3)
    async with opened(server, max_concurrent=1, deadline_s=DEADLINE_S) as layer:
        for number in range(3):
            assert (await ask(layer, question(f"ticket {number:x}"))).outcome is LlmOutcome.DEADLINE
        assert (await ask(layer, question("after"))).outcome is LlmOutcome.ANSWERED


async def test_an_error_status_costs_nothing(server: LlmServer) -> None:
    server.script.extend([error(401)] * 5)
    async with opened(server, tokens_per_hour=FOR_ONE) as layer:
        for number in range(5):
            await ask(layer, question(f"ticket {number:x}"))
        assert (await ask(layer, question("last"))).outcome is LlmOutcome.ANSWERED


async def test_money_is_counted_and_bounded(server: LlmServer) -> None:
    registry = CollectorRegistry()
    async with opened(
        server,
        registry,
        money_per_hour=0.05,
        price_per_million_input=10.0,
        price_per_million_output=100.0,
    ) as layer:
        assert (await ask(layer, question("first"))).outcome is LlmOutcome.ANSWERED
        spent = registry.get_sample_value("tickets_llm_money_total")
        assert spent == pytest.approx(600 * 10e-6 + 20 * 100e-6)
        assert (await ask(layer, question("second"))).outcome is LlmOutcome.BUDGET


async def test_a_server_that_counts_no_tokens_is_taken_at_the_reserved_ones(
    server: LlmServer,
) -> None:
    server.default = body(completion(RIGHT) | {"usage": {"prompt_tokens": -5}})
    async with opened(server, tokens_per_hour=FOR_ONE) as layer:
        assert (await ask(layer, question("first"))).outcome is LlmOutcome.ANSWERED
        assert (await ask(layer, question("second"))).outcome is LlmOutcome.BUDGET


async def test_the_same_question_is_asked_once(server: LlmServer) -> None:
    server.default = answer(urgency="urgent")
    async with opened(server) as layer:
        await ask(layer, question("Card 4111 1111 1111 1111 is gone", "lost_card"))
        again = layer.try_ask(question("Card 4111 1111 1111 1111 is gone", "lost_card"))
        assert isinstance(again, LlmVerdict)
        assert (again.outcome, again.urgency) == (LlmOutcome.CACHED, UrgencyAnswer.URGENT)
        for other in (
            question("Card 5500-0000-0000-0004 is gone", "lost_card"),
            question("Card 4111 1111 1111 1111 is gone", "card_arrival"),
            question("Card 4111 1111 1111 1111 is gone"),
            Question("Card 4111 1111 1111 1111 is gone", "lost_card", policy_version="2"),
        ):
            assert (await ask(layer, other)).outcome is LlmOutcome.ANSWERED
    assert len(server.received) == 5


async def test_a_question_that_is_refused_at_once_costs_no_redaction(server: LlmServer) -> None:
    registry = CollectorRegistry()
    server.default = answer(after_s=0.1)
    async with opened(server, registry, max_concurrent=1, max_waiting=0) as layer:
        asked = layer.try_ask(question("Card 4111 1111 1111 1111 is gone"))
        refused = layer.try_ask(question("Card 5500-0000-0000-0004 is gone"))
        assert isinstance(refused, LlmVerdict)
        assert refused.outcome is LlmOutcome.OVERLOADED
        redacted = registry.get_sample_value("tickets_llm_redactions_total", {"kind": "card"})
        assert redacted == 1
        await ended(asked)


async def test_a_question_is_refused_where_those_ahead_of_it_take_all_places(
    server: LlmServer,
) -> None:
    async with opened(server, max_concurrent=2, max_waiting=1) as layer:
        assert layer.at_once(question(), ahead=2) is None
        refused = layer.at_once(question(), ahead=3)
        assert refused is not None
        assert refused.outcome is LlmOutcome.OVERLOADED
    assert server.received == []


async def test_what_is_known_already_is_said_at_once_however_many_are_ahead(
    server: LlmServer,
) -> None:
    server.default = answer(urgency="urgent")
    async with opened(server, max_concurrent=1, max_waiting=0) as layer:
        await ask(layer)
        # As the worker's threads ask, while the event loop is busy with something else.
        known = await asyncio.to_thread(layer.at_once, question(), ahead=9)
        assert known is not None
        assert (known.outcome, known.urgency) == (LlmOutcome.CACHED, UrgencyAnswer.URGENT)


async def test_while_nobody_is_asked_a_question_is_refused_at_once(server: LlmServer) -> None:
    server.default = error(500)
    async with opened(server, breaker_failures=1, breaker_pause_s=60.0) as layer:
        await ask(layer)
        refused = layer.at_once(question("another"))
        assert refused is not None
        assert refused.outcome is LlmOutcome.SUSPENDED


async def test_a_failure_is_not_remembered(server: LlmServer) -> None:
    server.script.append(says("nonsense"))
    async with opened(server) as layer:
        assert (await ask(layer)).outcome is LlmOutcome.MALFORMED
        assert (await ask(layer)).outcome is LlmOutcome.ANSWERED


async def test_a_long_text_is_redacted_off_the_event_loop_and_shortened(server: LlmServer) -> None:
    registry = CollectorRegistry()
    text = "My card 4111 1111 1111 1111. " + "Nothing happens. " * 1_100 + "Ring 07700 900123."

    def cards() -> float | None:
        return registry.get_sample_value("tickets_llm_redactions_total", {"kind": "card"})

    async with opened(server, registry) as layer:
        asked = layer.try_ask(question(text))
        assert cards() == 0
        assert (await ended(asked)).outcome is LlmOutcome.ANSWERED
        assert cards() == 1
        assert (await ask(layer, question(text))).outcome is LlmOutcome.CACHED
    [received] = server.received
    assert "[CARD]" in received.message("user")
    assert "Ring [PHONE]." in received.message("user")
    assert len(received.body) < 10_000


# What tells that it came through. Long, so that it is in no random mark and no measured time.
PERSONAL = {
    "card": ("4111 1111 1111 1111", "4111111111111111"),
    "card in full-width digits": ("\uff14\uff11" + "\u200b1" * 14, "\uff14"),
    "iban": ("gb82-WEST-1234 5698 7654 32", "5698 7654"),
    "mail": ("jane.doe@mail.example", "jane.doe"),
    "phone": ("+44 20 7946 0958", "7946 0958"),
    "account": ("12345678", "12345678"),
    "pin": ("My pin is 86421975.", "86421975"),
    "password": ("My password is swordfish!", "swordfish"),
    "name": ("My name is Jane Quibble.", "Quibble"),
}


@pytest.mark.parametrize(
    "fault",
    [answer(), quoting(), error(400), reset(), hang()],
    ids=["answer", "quoting", "400", "reset", "hang"],
)
async def test_no_personal_data_and_no_key_is_in_any_request_log_or_metric(
    server: LlmServer,
    fault: Reply,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_LOG", "debug")
    caplog.set_level(logging.DEBUG)
    libraries = ("openai", "httpx2", "httpcore2")
    for library in libraries:
        caplog.set_level(logging.DEBUG, logger=library)
    server.default = fault
    registry = CollectorRegistry()
    async with opened(server, registry, deadline_s=0.4, breaker_failures=3) as layer:
        verdicts = [
            await ask(layer, question(f"Hello, please help. {text} Thank you for that."))
            for text, _ in PERSONAL.values()
        ]
    assert server.received
    assert [one.name for one in caplog.records if one.name.startswith(libraries)] == []
    seen = {
        "requests": "\n".join(json.dumps(one.json, ensure_ascii=False) for one in server.received),
        "logs": "\n".join(f"{one.getMessage()} {one.exc_info}" for one in caplog.records),
        "metrics": generate_latest(registry).decode(),
        "verdicts": repr(verdicts),
    }
    for place, content in seen.items():
        assert KEY not in content, place
        for kind, (text, core) in PERSONAL.items():
            assert text not in content, (place, kind)
            assert core not in content, (place, kind)
    assert "Hello" not in seen["logs"] + seen["metrics"] + seen["verdicts"]
    assert {one.headers["authorization"] for one in server.received} == {f"Bearer {KEY}"}


async def test_no_injection_attempt_leaves_its_place_or_changes_what_is_asked(
    server: LlmServer,
) -> None:
    attempts = injection_attempts()
    async with opened(server, max_waiting=300, deadline_s=60.0) as layer:
        asked = [layer.try_ask(question(text, "card_arrival")) for text in attempts.values()]
        assert {(await ended(one)).outcome for one in asked} == {LlmOutcome.ANSWERED}
    assert len(server.received) == len(attempts)
    assert len({one.message("system") for one in server.received}) == 1
    assert {tuple(one.fields) for one in server.received} == {("urgency", "toxicity", "label")}
    marks = set()
    for one in server.received:
        _, opening, *ticket, closing = one.message("user").split("\n")
        mark = opening.removeprefix("<ticket-").removesuffix(">")
        assert closing == f"</ticket-{mark}>"
        assert mark not in "\n".join(ticket)
        marks.add(mark)
    assert len(marks) == len(attempts)
