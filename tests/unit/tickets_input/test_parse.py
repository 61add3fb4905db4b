from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.errors import UserError
from stream_app.tickets_input import InputFormat, LineReader, TicketRecord, parse_tickets


def parse(content: bytes, input_format: InputFormat) -> list[TicketRecord]:
    lines = LineReader(io.BytesIO(content), "in")
    return list(parse_tickets(lines, input_format, name="in", id_prefix="run"))


def values(content: bytes, input_format: InputFormat) -> list[dict[str, object]]:
    return [json.loads(ticket.value) for ticket in parse(content, input_format)]


def test_csv_columns_become_fields_and_the_others_attributes() -> None:
    content = b"text,category,ticket_id,channel\nCard lost,lost_card,T-1,email\n"

    assert values(content, InputFormat.CSV) == [
        {
            "text": "Card lost",
            "ticket_id": "T-1",
            "channel": "email",
            "attributes": {"category": "lost_card"},
        }
    ]


def test_csv_tickets_are_keyed_by_their_id_or_by_run_and_number() -> None:
    content = b"ticket_id,text\nT-1,one\n,two\n"

    first, second = parse(content, InputFormat.CSV)

    assert first.key == b"T-1"
    assert second.key == b"run-000002"
    assert json.loads(second.value)["ticket_id"] == "run-000002"


def test_csv_empty_cells_are_left_out_but_an_empty_text_is_sent_as_it_is() -> None:
    assert values(b"text,subject,category\n,,\n", InputFormat.CSV) == [
        {"text": "", "ticket_id": "run-000001"}
    ]


def test_csv_takes_a_byte_order_mark_and_windows_line_ends() -> None:
    content = b"\xef\xbb\xbftext\r\nhello\r\n\r\nworld\r\n"

    assert [value["text"] for value in values(content, InputFormat.CSV)] == ["hello", "world"]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text("ab\n\"',")
        ),
        max_size=5,
    )
)
def test_any_text_written_as_csv_is_read_back(rows: list[tuple[str, str]]) -> None:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(
        [("text", "note"), *rows]
    )

    found = values(buffer.getvalue().encode(), InputFormat.CSV)

    assert [(value["text"], value.get("attributes", {})) for value in found] == [
        (text, {"note": note} if note else {}) for text, note in rows
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column `text`; the header is: an empty line"),
        (b"body,category\nx,y\n", "no column `text`; the header is: body, category"),
        (b"text,text\nx,y\n", "`text` occurs twice"),
        (b"text,category\nonly\n", "line 2: 1 fields where the header has 2"),
        (b"text\nfine\nb\xffd\n", "line 3: not UTF-8 (byte 2 of the line)"),
        (b'text\n"never closed\n', "line 2: no valid CSV"),
    ],
)
def test_a_csv_that_cannot_be_read_is_told_with_its_line(content: bytes, message: str) -> None:
    with pytest.raises(UserError) as raised:
        parse(content, InputFormat.CSV)

    assert raised.value.message.startswith("in line ")
    assert message in raised.value.message


def test_tickets_before_a_fault_are_still_given() -> None:
    lines = LineReader(io.BytesIO(b"text\none\ntwo\n\xff\n"), "in")
    tickets = parse_tickets(lines, InputFormat.CSV, name="in", id_prefix="run")

    assert [json.loads(next(tickets).value)["text"] for _ in range(2)] == ["one", "two"]
    with pytest.raises(UserError):
        next(tickets)


@given(
    st.lists(
        st.binary().filter(lambda line: b"\n" not in line and line.strip() != b""), max_size=20
    )
)
def test_jsonl_bytes_are_never_changed(lines: list[bytes]) -> None:
    if lines:
        lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf") or b"{}"

    found = parse(b"\n".join(lines), InputFormat.JSONL)

    assert [ticket.value for ticket in found] == [line for line in lines if line.strip()]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('{"ticket_id": "T-9", "text": 5}', b"T-9"),
        ('{"ticket_id": "Ü", "text": "x"}', "Ü".encode()),
        ('{"text": "no id"}', None),
        ('{"ticket_id": 7}', None),
        ('{"ticket_id": ""}', None),
        ('["ticket_id"]', None),
        ("{broken", None),
        ('{"ticket_id": "\\ud800"}', None),
        ("[" * 5_000, None),
    ],
)
def test_jsonl_is_keyed_by_a_ticket_id_that_can_be_read(line: str, key: bytes | None) -> None:
    assert [ticket.key for ticket in parse(line.encode(), InputFormat.JSONL)] == [key]


def test_each_plain_line_is_a_ticket_and_blank_ones_are_not() -> None:
    content = "My card\r\n\n  \nIs it \u2028 lost?".encode()

    assert [value["text"] for value in values(content, InputFormat.LINES)] == [
        "My card",
        "Is it \u2028 lost?",
    ]


def test_plain_lines_that_are_not_utf8_are_told_with_their_line() -> None:
    with pytest.raises(UserError, match="in line 2: not UTF-8"):
        parse(b"fine\n\xc3(\n", InputFormat.LINES)
