"""From lines to records of the raw topic, by format; pure, and judges no ticket.

What a ticket must look like is decided by the worker alone: a row with an empty text, or a JSON
line that is no JSON, is passed on as it stands and ends in the dead-letter queue with its reason.
Only what keeps a file from being read at all is an error here.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic_core import from_json

from stream_app.errors import UserError
from stream_app.tickets_input.lines import Line
from stream_app.topics import MAX_RECORD_BYTES

TEXT_COLUMN = "text"
TICKET_COLUMNS = ("text", "ticket_id", "subject", "channel", "customer_id", "created_at")
"""CSV columns that are fields of a raw ticket; every other column becomes an attribute."""


class InputFormat(StrEnum):
    """How a file of tickets is written."""

    CSV = "csv"
    JSONL = "jsonl"
    LINES = "lines"


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """Key and value of one record for the raw topic."""

    key: bytes | None
    value: bytes


def parse_tickets(
    lines: Iterable[Line], input_format: InputFormat, *, name: str, id_prefix: str
) -> Iterator[TicketRecord]:
    """The records of a file, in order; blank lines are passed over.

    - `csv`: a header line with a column `text`; empty cells are left out of the ticket.
    - `jsonl`: one raw ticket a line, its bytes unchanged and unchecked, keyed by its `ticket_id`
      where one can be read and by nothing otherwise.
    - `lines`: each line is the text of a ticket.

    CSV rows and plain lines without an id get `id_prefix` and the ticket's number in the file.
    Raises `UserError`, its message starting with `name` and the line, where the file is not
    UTF-8 (`jsonl` excepted) or is no CSV with a column `text`.
    """
    match input_format:
        case InputFormat.CSV:
            return _from_csv(lines, name, id_prefix)
        case InputFormat.JSONL:
            return _from_jsonl(lines)
        case InputFormat.LINES:
            return _from_plain_lines(lines, name, id_prefix)


def _from_jsonl(lines: Iterable[Line]) -> Iterator[TicketRecord]:
    for line in lines:
        if line.content.strip():
            value = line.content.removesuffix(b"\n")
            yield TicketRecord(_key_of(value), value)


def _key_of(value: bytes) -> bytes | None:
    try:
        ticket = from_json(value)
    except ValueError:
        return None
    ticket_id = ticket.get("ticket_id") if isinstance(ticket, dict) else None
    return ticket_id.encode() if isinstance(ticket_id, str) and ticket_id else None


def _from_plain_lines(lines: Iterable[Line], name: str, id_prefix: str) -> Iterator[TicketRecord]:
    number = 0
    for line in lines:
        text = _decoded(line, name).rstrip("\r\n")
        if text.strip():
            number += 1
            yield _record({"text": text}, id_prefix, number)


def _from_csv(lines: Iterable[Line], name: str, id_prefix: str) -> Iterator[TicketRecord]:
    # The csv module refuses fields over 128 KiB, and the limit is the process's own.
    csv.field_size_limit(MAX_RECORD_BYTES)
    rows = csv.reader((_decoded(line, name) for line in lines), strict=True)
    try:
        header = _header(next(rows, []), name)
        number = 0
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                raise UserError(
                    f"{name} line {rows.line_num}: {len(row)} fields where the header has "
                    f"{len(header)}"
                )
            number += 1
            yield _record(_ticket(header, row), id_prefix, number)
    except csv.Error as error:
        raise UserError(f"{name} line {rows.line_num}: no valid CSV: {error}") from error


def _header(row: Sequence[str], name: str) -> list[str]:
    header = [column.strip() for column in row]
    if TEXT_COLUMN not in header:
        found = ", ".join(header) or "an empty line"
        raise UserError(f"{name} line 1: no column `{TEXT_COLUMN}`; the header is: {found}")
    repeated = sorted({column for column in header if header.count(column) > 1})
    if repeated:
        raise UserError(f"{name} line 1: the column `{repeated[0]}` occurs twice")
    return header


def _ticket(header: Sequence[str], row: Sequence[str]) -> dict[str, object]:
    cells = dict(zip(header, row, strict=True))
    ticket: dict[str, object] = {"text": cells[TEXT_COLUMN]}
    ticket |= {column: cells[column] for column in TICKET_COLUMNS[1:] if cells.get(column)}
    attributes = {
        column: cell for column, cell in cells.items() if column not in TICKET_COLUMNS and cell
    }
    if attributes:
        ticket["attributes"] = attributes
    return ticket


def _record(ticket: dict[str, object], id_prefix: str, number: int) -> TicketRecord:
    ticket_id = str(ticket.setdefault("ticket_id", f"{id_prefix}-{number:06}"))
    return TicketRecord(ticket_id.encode(), json.dumps(ticket, ensure_ascii=False).encode())


def _decoded(line: Line, name: str) -> str:
    try:
        return line.content.decode()
    except UnicodeDecodeError as error:
        raise UserError(
            f"{name} line {line.number}: not UTF-8 (byte {error.start + 1} of the line)"
        ) from error
