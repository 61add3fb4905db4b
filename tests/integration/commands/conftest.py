"""Runs the commands as processes of their own, against a real broker and fresh topics."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from stream_app.broker import Broker
from stream_app.messages import OutgoingRecord, Record
from stream_app.produce import open_sender
from stream_app.settings import TopicSettings
from stream_app.topic_reader import open_reader
from tests.conftest import environment_on

TIMEOUT_S = 60


@dataclass(frozen=True)
class Commands:
    """`tickets` with the settings of one test."""

    environment: dict[str, str]
    started: list[subprocess.Popen[bytes]]

    def start(
        self, *arguments: str, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.PIPE
    ) -> subprocess.Popen[bytes]:
        """Start a command; it is killed with the test where it still runs."""
        process = subprocess.Popen(
            [sys.executable, "-m", "stream_app", *arguments],
            env=self.environment,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        process = self.start(*arguments, stdin=subprocess.PIPE)
        stdout, stderr = process.communicate(given, timeout=TIMEOUT_S)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def wait_for_line(process: subprocess.Popen[bytes], text: bytes) -> None:
    """Read stderr until a line holds `text`; fails where the process ends before that."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} never came; stderr was {b''.join(seen)!r}")


@pytest.fixture
def tickets(kafka: Broker, unique_topics: TopicSettings) -> Iterator[Commands]:
    """The command line, set to this test's topics."""
    settings = environment_on(kafka, unique_topics, f"group-{unique_topics.raw}")
    commands = Commands({**os.environ, "COLUMNS": "400", **settings}, [])
    yield commands
    for process in commands.started:
        process.kill()
        process.communicate()


ReadAll = Callable[[str], list[Record]]


@pytest.fixture
def read_all(kafka: Broker) -> ReadAll:
    """Reads a topic from its beginning to its present end."""

    async def read(topic: str) -> list[Record]:
        async with open_reader(kafka.bootstrap_servers, {}, [topic], follow=False) as reader:
            return [record async for record in reader]

    return lambda topic: asyncio.run(read(topic))


SendAll = Callable[[Sequence[OutgoingRecord]], None]


@pytest.fixture
def send_all(kafka: Broker) -> SendAll:
    """Sends records and waits for their confirmation."""

    async def send(records: Sequence[OutgoingRecord]) -> None:
        async with open_sender(kafka.bootstrap_servers, {}, client_id="test") as sender:
            for record in records:
                await sender.send(record)
            await sender.flush()

    return lambda records: asyncio.run(send(records))
