from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable
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


Pipe = Callable[[bytes], None]


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Pipe:
    """Makes standard input a pipe that gives these bytes and ends."""

    def give(content: bytes) -> None:
        reading, writing = os.pipe()
        os.write(writing, content)
        os.close(writing)
        monkeypatch.setattr("sys.stdin", os.fdopen(reading))

    return give


def texts() -> list[str]:
    with open_tickets("-") as source:
        return [json.loads(ticket.value)["text"] for ticket in source]


def test_a_byte_order_mark_does_not_hide_jsonl_from_a_pipe(pipe: Pipe) -> None:
    pipe(codecs.BOM_UTF8 + b'{"text": "hello"}\n')
    assert texts() == ["hello"]


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"ticket_id,text\nT-1,hello\n", "header of a CSV: give --format csv"),
        (b'"text" , "subject"\r\nhello,you\r\n', "header of a CSV: give --format csv"),
        (b"text", "header of a CSV: give --format csv"),
        (b'[\n{"text": "hello"}\n]\n', "JSON array: send one ticket a line with --format jsonl"),
    ],
)
def test_what_begins_like_another_format_is_no_text_of_tickets(
    pipe: Pipe, content: bytes, told: str, mark: bytes
) -> None:
    pipe(mark + content)
    with pytest.raises(UserError, match=f"standard input begins like .*{told}"):
        texts()


def test_lines_that_hold_commas_and_brackets_are_lines(pipe: Pipe) -> None:
    pipe(b"My card, stolen [yesterday], text me\ntext\n")
    assert texts() == ["My card, stolen [yesterday], text me", "text"]


def test_an_empty_pipe_has_no_tickets(pipe: Pipe) -> None:
    pipe(b"")
    assert texts() == []
