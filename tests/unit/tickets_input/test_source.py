from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_app.errors import UserError
from stream_app.tickets_input import InputFormat, open_tickets


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"text\nhello\n"),
        ("a.CSV", b"text\nhello\n"),
        ("a.jsonl", b'{"text": "hello"}\n'),
        ("a.ndjson", b'{"text": "hello"}\n'),
        ("a.txt", b"hello\n"),
    ],
)
def test_the_extension_tells_the_format(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with open_tickets(str(tmp_path / name)) as source:
        tickets = list(source)

    assert [json.loads(ticket.value)["text"] for ticket in tickets] == ["hello"]
    assert source.bytes_read == source.size == len(content)


def test_the_format_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"hello\n")

    with open_tickets(str(tmp_path / "a.csv"), InputFormat.LINES) as source:
        assert len(list(source)) == 1


def test_a_file_produced_twice_gives_two_sets_of_ids(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello\n")

    keys: set[bytes | None] = set()
    for _ in range(2):
        with open_tickets(str(tmp_path / "a.txt")) as source:
            keys.update(ticket.key for ticket in source)

    assert len(keys) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "cannot read .*missing.csv: No such file"),
        ("folder.csv", "cannot read .*folder.csv: Is a directory"),
        ("a.json", "does not tell the format"),
    ],
)
def test_a_file_that_cannot_be_opened_is_one_clear_line(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "folder.csv").mkdir()

    with pytest.raises(UserError, match=message), open_tickets(str(tmp_path / name)):
        pass
