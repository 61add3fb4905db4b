from __future__ import annotations

import json
import os
import signal

import pytest

from schemas import TriagedTicket
from stream_app.messages import OutgoingRecord
from stream_app.settings import TopicSettings
from tests.integration.commands.conftest import Commands, SendAll, wait_for_line
from tests.integration.commands.letters import dead_letter, triaged
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.kafka

FOLLOWING = b"Ctrl-C ends it"


def test_only_what_comes_after_the_start_is_shown_and_the_limit_ends_it(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    send_all([triaged(unique_topics, 1)])
    process = tickets.start("tail", "priority", "--json", "--limit", "2")
    wait_for_line(process, FOLLOWING)
    send_all([triaged(unique_topics, offset) for offset in (2, 3, 4)])

    stdout, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 0
    shown = [TriagedTicket.model_validate_json(line) for line in stdout.splitlines()]
    assert [ticket.ticket_id for ticket in shown] == ["T-2", "T-3"]


def test_from_the_beginning_gives_the_value_that_is_in_the_queue(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    record = triaged(unique_topics, 1, text="línea\n2")
    send_all([record])

    ended = tickets.run("tail", "priority", "--from-beginning", "--json", "--limit", "1")

    assert ended.stdout == (record.value or b"") + b"\n"


def test_a_ticket_for_people_is_one_line_that_obeys_no_escape_sequence(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    send_all([triaged(unique_topics, 1, text="stolen [bold]\x1b[2J\nhelp " + "x" * 200)])

    ended = tickets.run("tail", "priority", "--from-beginning", "--limit", "1")

    [line] = ended.stdout.decode().splitlines()
    assert "lost_or_stolen_card 97%" in line
    assert "stolen [bold]\\x1b[2J help xxx" in line
    assert line.endswith("…")


def test_dead_letters_have_stable_keys(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    send_all([dead_letter(unique_topics, 5, value=b"\xff", key=None)])

    ended = tickets.run("tail", "dlq", "--from-beginning", "--json", "--limit", "1")

    assert json.loads(ended.stdout) == {
        "event_id": f"{unique_topics.raw}:0:5",
        "code": "not_json",
        "message": "what is wrong with it",
        "stage": "decode",
        "topic": unique_topics.raw,
        "partition": 0,
        "offset": 5,
        "timestamp": 1_700_000_000_000,
        "key": None,
        "size": 1,
    }


def test_a_foreign_record_is_passed_over_and_told(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    foreign = OutgoingRecord(unique_topics.priority, b"T-1", b"not ours", [])
    send_all([foreign, triaged(unique_topics, 2)])

    ended = tickets.run("tail", "priority", "--from-beginning", "--json", "--limit", "1")

    assert json.loads(ended.stdout)["ticket_id"] == "T-2"
    assert b"passed over" in ended.stderr
    assert b"not ours" not in ended.stderr


def test_ctrl_c_is_a_normal_end(tickets: Commands) -> None:
    process = tickets.start("tail", "standard")
    wait_for_line(process, FOLLOWING)
    process.send_signal(signal.SIGINT)

    stdout, stderr = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, stdout, stderr) == (0, b"", b"")


def test_a_closed_pipe_ends_it_quietly_without_waiting_for_a_ticket(tickets: Commands) -> None:
    read_end, write_end = os.pipe()
    process = tickets.start("tail", "standard", stdout=write_end)
    os.close(write_end)
    wait_for_line(process, FOLLOWING)
    os.close(read_end)

    _, stderr = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, stderr) == (0, b"")


def test_a_queue_that_does_not_exist_yet_is_one_line(tickets: Commands) -> None:
    tickets.environment["TICKETS_TOPICS_REVIEW"] = "never-created"

    ended = tickets.run("tail", "review")

    assert ended.returncode == 3
    [line] = ended.stderr.decode().splitlines()
    assert line.startswith("error: no topic never-created at ")
