from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from stream_app.broker import Broker, TopicSpec, ensure_topics
from stream_app.settings import TopicSettings
from stream_app.topic_reader import open_reader
from tests.integration.commands.conftest import Commands, ReadAll
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.kafka

INTERRUPTED = 130


def test_every_row_of_a_csv_arrives_with_its_id_as_key(
    tickets: Commands, unique_topics: TopicSettings, read_all: ReadAll, tmp_path: Path
) -> None:
    rows = "".join(f'T-{number},"Text, {number}",intent\n' for number in range(5_000))
    (tmp_path / "in.csv").write_text("ticket_id,text,category\n" + rows)

    ended = tickets.run("produce", str(tmp_path / "in.csv"), "--json")

    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report.keys() == {"records", "topic", "seconds", "rate_per_s"}
    assert (report["records"], report["topic"]) == (5_000, unique_topics.raw)
    records = read_all(unique_topics.raw)
    assert {record.key for record in records} == {f"T-{number}".encode() for number in range(5_000)}
    assert len(records) == 5_000
    assert json.loads(records[0].value or b"")["attributes"] == {"category": "intent"}


def test_broken_jsonl_from_a_pipe_is_sent_byte_for_byte(
    tickets: Commands, unique_topics: TopicSettings, read_all: ReadAll
) -> None:
    lines = [b'{"ticket_id": "T-1", "text": "x"}', b"{broken", b"\xff\xfe", b'{"text": "a\x00"}']

    ended = tickets.run("produce", "-", given=b"\n".join(lines))

    assert ended.returncode == 0, ended.stderr
    assert b"4 records confirmed" in ended.stdout
    found = read_all(unique_topics.raw)
    assert sorted((record.key or b"", record.value) for record in found) == sorted(
        [(b"T-1", lines[0]), *((b"", line) for line in lines[1:])]
    )


def test_a_missing_topic_of_the_settings_is_created(
    tickets: Commands, unique_topics: TopicSettings, read_all: ReadAll
) -> None:
    topic = f"{unique_topics.raw}.elsewhere"
    tickets.environment["TICKETS_TOPICS_RAW"] = topic

    ended = tickets.run("produce", "-", given=b"My card was stolen\n")

    assert ended.returncode == 0, ended.stderr
    assert len(read_all(topic)) == 1


def test_a_topic_named_by_hand_has_to_be_there(
    kafka: Broker, tickets: Commands, unique_topics: TopicSettings, read_all: ReadAll
) -> None:
    other = f"{unique_topics.raw}.other"
    misspelt = tickets.run("produce", "-", "--topic", other, given=b"ticket\n")
    assert misspelt.returncode == 3
    assert misspelt.stderr.startswith(f"error: no topic {other} at ".encode())
    created = asyncio.run(ensure_topics(kafka.bootstrap_servers, [TopicSpec(other, 1)]))
    assert created == [other]

    assert tickets.run("produce", "-", "--topic", other, given=b"ticket\n").returncode == 0
    assert len(read_all(other)) == 1


def test_a_rate_spreads_the_tickets_evenly(
    tickets: Commands, unique_topics: TopicSettings, read_all: ReadAll
) -> None:
    ended = tickets.run("produce", "-", "--rate", "20", "--json", given=b"ticket\n" * 41)

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["seconds"] >= 2.0
    stamps = sorted(record.timestamp for record in read_all(unique_topics.raw))
    assert stamps[-1] - stamps[0] >= 1_900


async def test_ctrl_c_confirms_what_was_sent_and_says_how_many(
    kafka: Broker, tickets: Commands, unique_topics: TopicSettings
) -> None:
    process = tickets.start("produce", "-", "--json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"one\ntwo\nthree\n")
    process.stdin.flush()

    # The pipe stays open: the command is waiting for more when it is interrupted.
    async with open_reader(kafka.bootstrap_servers, {}, [unique_topics.raw]) as reader:
        arrived = 0
        async for _ in reader:
            arrived += 1
            if arrived == 3:
                break
    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=PATIENCE_S) == INTERRUPTED
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.read())["records"] == 3
    assert process.stderr.read() == b""


def test_a_fault_in_the_middle_says_how_many_were_sent(
    tickets: Commands, unique_topics: TopicSettings, read_all: ReadAll
) -> None:
    ended = tickets.run("produce", "-", "--format", "csv", given=b"text\none\ntwo\n\xff\n")

    assert ended.returncode == 2
    assert ended.stdout == b""
    assert ended.stderr.decode().splitlines() == [
        "error: standard input line 4: not UTF-8 (byte 1 of the line) "
        "(the 2 records before it were sent)"
    ]
    assert len(read_all(unique_topics.raw)) == 2


@pytest.mark.parametrize(
    ("arguments", "content", "message"),
    [
        (["missing.csv"], b"", "error: cannot read missing.csv: No such file or directory"),
        (["-", "--format", "csv"], b"body\nx\n", "error: standard input line 1: no column `text`"),
        (["-", "--topic", "not a name"], b"x\n", "error: setting topics.raw"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    tickets: Commands, arguments: list[str], content: bytes, message: str
) -> None:
    ended = tickets.run("produce", *arguments, given=content)

    assert ended.returncode == 2
    [line] = ended.stderr.decode().splitlines()
    assert line.startswith(message)


def test_an_unreachable_broker_is_one_line_and_exit_code_3_within_seconds(
    tickets: Commands,
) -> None:
    tickets.environment["TICKETS_KAFKA_BOOTSTRAP_SERVERS"] = "127.0.0.1:1"

    started = time.monotonic()
    ended = tickets.run("produce", "-", given=b"x\n")

    assert ended.returncode == 3
    assert time.monotonic() - started < 15
    assert ended.stderr.decode().splitlines() == [
        "error: nothing accepts connections at 127.0.0.1:1: start Kafka there, or correct the "
        "address"
    ]


def test_a_record_beyond_the_topics_limit_is_one_line(
    tickets: Commands, unique_topics: TopicSettings, tmp_path: Path
) -> None:
    (tmp_path / "in.txt").write_bytes(b"x" * 9 * 1024 * 1024)

    ended = tickets.run("produce", str(tmp_path / "in.txt"))

    assert ended.returncode == 2
    [line] = ended.stderr.decode().splitlines()
    assert "line 1: longer than" in line
