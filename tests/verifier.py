"""Counts what became of every record, with another client library than the product's.

It knows what was sent from the broker's own delivery reports and what came out from the five
output topics, and uses neither the worker's metrics nor any code of the worker.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from stream_app.settings import TopicSettings

READ_S = 0.1
"""How long one read waits for more records where fewer are there than it could take."""

DEMO_TICKETS = Path(__file__).resolve().parents[1] / "stream_app" / "demo" / "tickets.jsonl"


@dataclass(frozen=True)
class Sent:
    """A raw record as it was handed to the broker."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


@dataclass
class Ledger:
    """Every raw record that the broker confirmed, by the event id that its outcomes must carry.

    `written_ms` says when, in milliseconds since 1970.
    """

    records: dict[str, Sent] = field(default_factory=dict)
    written_ms: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def note(self, sent: Sent, error: object, message: Message) -> None:
        if error is not None:
            self.failures.append(str(error))
        else:
            position = f"{message.topic()}:{message.partition()}:{message.offset()}"
            self.records[position] = sent
            self.written_ms[position] = message.timestamp()[1]


def demo_tickets(count: int) -> Iterator[bytes]:
    """`count` raw tickets: the demo's own, again and again."""
    lines = DEMO_TICKETS.read_bytes().splitlines()
    return (lines[number % len(lines)] for number in range(count))


def send(bootstrap_servers: str, topic: str, values: Iterable[bytes]) -> Ledger:
    """Send `values`, each under a key of its own, and wait until the broker has them all."""
    records = (Sent(f"k{number}".encode(), value) for number, value in enumerate(values))
    return send_records(bootstrap_servers, topic, records)


def send_records(bootstrap_servers: str, topic: str, records: Iterable[Sent]) -> Ledger:
    """Send `records` and wait until the broker has them all."""
    ledger = Ledger()
    producer = _producer(bootstrap_servers)
    for record in records:
        _produce(producer, topic, record, ledger)
    assert producer.flush(60) == 0
    assert ledger.failures == []
    return ledger


@contextmanager
def load(bootstrap_servers: str, topic: str, rate_per_s: float) -> Iterator[Ledger]:
    """Send tickets at a steady rate in the background for as long as the block runs."""
    ledger = Ledger()
    stop = threading.Event()

    def run() -> None:
        producer = _producer(bootstrap_servers)
        started = time.monotonic()
        for number, value in enumerate(demo_tickets(1_000_000)):
            _produce(producer, topic, Sent(f"k{number}".encode(), value), ledger)
            if stop.wait(max(0.0, started + number / rate_per_s - time.monotonic())):
                break
        producer.flush(120)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ledger
    finally:
        stop.set()
        thread.join()


@dataclass
class Verdict:
    """What came out. `copies` counts the records beyond the first of each event id.

    `written_ms` says when the first was written, in milliseconds since 1970.
    """

    queues: dict[str, set[str]]
    values: dict[str, bytes | None]
    keys: dict[str, bytes | None]
    headers: dict[str, list[tuple[str, bytes | None]]]
    written_ms: dict[str, int]
    records: int

    @property
    def copies(self) -> int:
        return self.records - len(self.queues)

    def by_topic(self) -> Counter[str]:
        return Counter(topic for topics in self.queues.values() for topic in topics)


class Verifier:
    """Reads the output topics from their beginning."""

    def __init__(self, bootstrap_servers: str, topics: TopicSettings) -> None:
        self._dlq = topics.dlq
        self._verdict = Verdict({}, {}, {}, {}, {}, 0)
        self._next: dict[tuple[str, int], int] = {}
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "verifier",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 16 * 1024 * 1024,
            }
        )
        # On the connection that reads, each question would wait for the end of a fetch.
        self._asking = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "verifier"})
        self._consumer.assign(
            [
                TopicPartition(topic, partition, 0)
                for topic in topics.outputs
                for partition in range(topics.partitions)
            ]
        )

    def wait_for_outcomes(self, at_least: int, *, within_s: float = 120.0) -> int:
        """Read until this many event ids have an outcome; returns how many have."""
        deadline = time.monotonic() + within_s
        while len(self._verdict.queues) < at_least and time.monotonic() < deadline:
            self._read()
        assert len(self._verdict.queues) >= at_least, (
            f"{len(self._verdict.queues)} of {at_least} outcomes after {within_s:.0f} s"
        )
        return len(self._verdict.queues)

    def check(self, ledger: Ledger, *, within_s: float = 180.0) -> Verdict:
        """Every confirmed raw record has one outcome in exactly one topic, and nothing else has.

        Copies are allowed, if they carry the id of their original and lie in the same topic.
        """
        assert ledger.failures == []
        expected = set(ledger.records)
        deadline = time.monotonic() + within_s
        while not expected <= self._verdict.queues.keys() and time.monotonic() < deadline:
            self._read()
        self._read_what_is_there()
        lost = expected - self._verdict.queues.keys()
        assert not lost, f"{len(lost)} of {len(expected)} records lost, e.g. {sorted(lost)[:5]}"
        unknown = self._verdict.queues.keys() - expected
        assert not unknown, f"outcomes of records never sent: {sorted(unknown)[:5]}"
        split = {event: topics for event, topics in self._verdict.queues.items() if len(topics) > 1}
        assert not split, f"in several queues: {split}"
        for event, sent in ledger.records.items():
            if self._verdict.queues[event] == {self._dlq}:
                self._check_untouched(event, sent)
            elif sent.key is not None:
                assert self._verdict.keys[event] == sent.key, f"{event}: key changed"
        return self._verdict

    def close(self) -> None:
        self._consumer.close()
        self._asking.close()

    def _check_untouched(self, event: str, sent: Sent) -> None:
        """A dead letter is the source record byte for byte, with more headers after its own."""
        assert self._verdict.values[event] == sent.value, f"{event}: value changed"
        assert self._verdict.keys[event] == sent.key, f"{event}: key changed"
        own = tuple(self._verdict.headers[event][: len(sent.headers)])
        assert own == sent.headers, f"{event}: headers changed"

    def _read_what_is_there(self, *, within_s: float = 60.0) -> None:
        """Read up to where each topic ends now."""
        ends = {
            (place.topic, place.partition): self._asking.get_watermark_offsets(place, within_s)[1]
            for place in self._consumer.assignment()
        }
        deadline = time.monotonic() + within_s
        while behind := [place for place, end in ends.items() if self._next.get(place, 0) < end]:
            assert time.monotonic() < deadline, f"not read to their end: {behind}"
            self._read()

    def _read(self) -> None:
        for message in self._consumer.consume(1_000, timeout=READ_S):
            assert message.error() is None, message.error()
            pairs = cast("list[tuple[str, bytes | None]]", message.headers() or [])
            headers = dict(pairs)
            event = headers.get("ce_id") or headers["__dlq.errors.event.id"]
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert isinstance(event, bytes)
            assert topic is not None
            assert partition is not None
            assert offset is not None
            self._next[topic, partition] = offset + 1
            event_id = event.decode()
            self._verdict.queues.setdefault(event_id, set()).add(topic)
            self._verdict.written_ms.setdefault(event_id, message.timestamp()[1])
            self._verdict.values[event_id] = message.value()
            self._verdict.keys[event_id] = message.key()
            self._verdict.headers[event_id] = pairs
            self._verdict.records += 1


def _producer(bootstrap_servers: str) -> Producer:
    return Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "linger.ms": 5,
            "message.max.bytes": 16 * 1024 * 1024,
            "partitioner": "murmur2_random",
        }
    )


def _produce(producer: Producer, topic: str, sent: Sent, ledger: Ledger) -> None:
    while True:
        try:
            producer.produce(
                topic,
                sent.value,
                sent.key,
                headers=list(sent.headers),
                on_delivery=lambda error, message: ledger.note(sent, error, message),
            )
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return
