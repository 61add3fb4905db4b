from __future__ import annotations

import base64
import json

import pytest

from schemas import ErrorCode
from stream_app.messages import OutgoingRecord
from stream_app.settings import TopicSettings
from tests.integration.commands.conftest import Commands, ReadAll, SendAll
from tests.integration.commands.letters import HEADERS, dead_letter

pytestmark = pytest.mark.kafka


def listed(tickets: Commands, *options: str) -> list[dict[str, object]]:
    ended = tickets.run("dlq", "list", "--json", *options)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def redriven(tickets: Commands, *options: str) -> dict[str, object]:
    ended = tickets.run("dlq", "redrive", "--json", *options)
    assert ended.returncode == 0, ended.stderr
    report: dict[str, object] = json.loads(ended.stdout)
    return report


def test_an_empty_queue_lists_nothing(tickets: Commands) -> None:
    assert listed(tickets) == []


def test_the_list_is_filtered_by_code_and_limited_to_the_newest(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    for offset in range(3):
        send_all([dead_letter(unique_topics, offset, key=b"%d" % offset)])
    send_all([dead_letter(unique_topics, 9, code=ErrorCode.TEXT_EMPTY)])

    assert [row["offset"] for row in listed(tickets)] == [0, 1, 2, 9]
    assert [row["offset"] for row in listed(tickets, "--code", "not_json", "--limit", "2")] == [
        1,
        2,
    ]
    table = tickets.run("dlq", "list").stdout.decode()
    assert f"{unique_topics.raw}:0:9" in table
    assert "text_empty" in table


def test_show_gives_back_the_original_bytes(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    value = b"\xff\x00\n\x1b[2J"
    send_all([dead_letter(unique_topics, 5, value=value)])
    event_id = f"{unique_topics.raw}:0:5"

    raw = tickets.run("dlq", "show", event_id, "--raw")
    shown = json.loads(tickets.run("dlq", "show", event_id, "--json").stdout)
    human = tickets.run("dlq", "show", event_id).stdout

    assert raw.stdout == value
    assert base64.b64decode(shown["value_base64"]) == value
    assert base64.b64decode(shown["key_base64"]) == b"T-1"
    assert [header["name"] for header in shown["headers"]] == ["traceparent", "empty"]
    assert b"00000000  ff 00 0a 1b 5b 32 4a" in human
    assert b"\x1b" not in human


def test_a_text_value_is_shown_with_control_characters_escaped(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    send_all([dead_letter(unique_topics, 5, value="{é [b]\x1b[2J".encode())])

    ended = tickets.run("dlq", "show", f"{unique_topics.raw}:0:5")

    assert "{é [b]\\x1b[2J" in ended.stdout.decode()


def test_an_unknown_event_is_one_line(tickets: Commands) -> None:
    for command in ("show", "redrive"):
        ended = tickets.run("dlq", command, "raw:0:77")
        assert ended.returncode == 2
        assert ended.stderr == b"error: no dead letter with event id raw:0:77\n"


def test_redriving_sends_the_original_record_once(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll, read_all: ReadAll
) -> None:
    letters = [
        dead_letter(unique_topics, 0, value=b"\xff\x00", key=b"T-0"),
        dead_letter(unique_topics, 1, value=b"", key=None),
        dead_letter(unique_topics, 2, value=None, key=b"T-2"),
        dead_letter(unique_topics, 3, value=None, key=None),
    ]
    send_all(letters)

    first = redriven(tickets, "--all")
    second = redriven(tickets, "--all")

    assert (first["redriven"], first["already_redriven"]) == (4, 0)
    assert (second["redriven"], second["already_redriven"]) == (0, 4)
    found = read_all(unique_topics.raw)
    assert sorted((record.key or b"", record.value or b"") for record in found) == sorted(
        (letter.key or b"", letter.value or b"") for letter in letters
    )
    assert sum(record.value is None for record in found) == 2
    assert all(record.headers == HEADERS for record in found)
    assert all(row["redriven"] for row in listed(tickets))


def test_only_the_chosen_ones_are_redriven_and_remembered(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll, read_all: ReadAll
) -> None:
    send_all([dead_letter(unique_topics, offset, value=b"%d" % offset) for offset in range(5)])
    send_all([dead_letter(unique_topics, 5, value=b"5", code=ErrorCode.TEXT_EMPTY)])

    redriven(tickets, f"{unique_topics.raw}:0:3", f"{unique_topics.raw}:0:1")
    redriven(tickets, "--code", "text_empty")

    assert sorted(record.value or b"" for record in read_all(unique_topics.raw)) == [
        b"1",
        b"3",
        b"5",
    ]
    assert {row["offset"] for row in listed(tickets) if row["redriven"]} == {1, 3, 5}
    assert redriven(tickets, "--all")["redriven"] == 3
    assert redriven(tickets, f"{unique_topics.raw}:0:3", "--again")["redriven"] == 1


def test_a_queue_of_many_chunks_is_redriven_whole(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll, read_all: ReadAll
) -> None:
    send_all(
        [
            dead_letter(unique_topics, offset, key=b"%d" % offset, value=b"%d" % offset)
            for offset in range(1_700)
        ]
    )

    assert redriven(tickets, "--all")["redriven"] == 1_700
    assert {record.value for record in read_all(unique_topics.raw)} == {
        b"%d" % offset for offset in range(1_700)
    }


def test_a_dry_run_sends_and_remembers_nothing(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll, read_all: ReadAll
) -> None:
    send_all([dead_letter(unique_topics, 0)])

    report = redriven(tickets, "--all", "--dry-run")

    assert (report["redriven"], report["dry_run"]) == (1, True)
    assert read_all(unique_topics.raw) == []
    assert not any(row["redriven"] for row in listed(tickets))


def test_records_of_others_are_passed_over_and_told(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll
) -> None:
    send_all([OutgoingRecord(unique_topics.dlq, b"k", b"v", []), dead_letter(unique_topics, 0)])

    ended = tickets.run("dlq", "redrive", "--all")

    assert ended.returncode == 0
    assert ended.stdout.decode() == f"redrove 1 dead letters to {unique_topics.raw}\n"
    assert ended.stderr == b"1 records without error headers passed over\n"


def test_a_queue_that_is_shared_with_others_is_redriven_whole_and_remembered(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll, read_all: ReadAll
) -> None:
    letters = [dead_letter(unique_topics, offset) for offset in range(1_700)]
    foreign = OutgoingRecord(unique_topics.dlq, b"T-1", b"v", [])
    send_all([record for letter in letters for record in (foreign, letter)])

    scattered = tickets.run("dlq", "redrive", "--code", "not_json")
    assert scattered.returncode == 2
    assert b"1,700 dead letters with the code not_json are scattered" in scattered.stderr
    assert scattered.stderr.endswith(b"redrive with --all\n")
    assert read_all(unique_topics.raw) == []

    assert redriven(tickets, "--all")["redriven"] == 1_700
    again = redriven(tickets, "--all")
    assert (again["redriven"], again["already_redriven"]) == (0, 1_700)
    assert len(read_all(unique_topics.raw)) == 1_700


def test_a_source_topic_that_is_gone_stops_a_redrive_before_it_sends(
    tickets: Commands, unique_topics: TopicSettings, send_all: SendAll, read_all: ReadAll
) -> None:
    gone = unique_topics.model_copy(update={"raw": "gone"})
    send_all([dead_letter(unique_topics, 0), dead_letter(gone, 1)])

    ended = tickets.run("dlq", "redrive", "--all")

    assert ended.returncode == 3
    assert ended.stderr.startswith(b"error: no topic gone at ")
    assert read_all(unique_topics.raw) == []


@pytest.mark.parametrize("options", [[], ["--all", "--code", "not_json"], ["raw:0:1", "--all"]])
def test_a_redrive_needs_exactly_one_choice(tickets: Commands, options: list[str]) -> None:
    ended = tickets.run("dlq", "redrive", *options)

    assert ended.returncode == 2
    assert ended.stderr == b"error: choose what to redrive: event ids, --code, or --all\n"
