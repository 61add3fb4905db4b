"""Opens a file or standard input as a stream of tickets and picks its format."""

from __future__ import annotations

import codecs
import csv
import os
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from stream_app.errors import UserError
from stream_app.tickets_input.lines import LineReader
from stream_app.tickets_input.parse import TEXT_COLUMN, InputFormat, TicketRecord, parse_tickets

STANDARD_INPUT = "-"

FORMATS = {
    ".csv": InputFormat.CSV,
    ".jsonl": InputFormat.JSONL,
    ".ndjson": InputFormat.JSONL,
    ".txt": InputFormat.LINES,
}
"""Formats by file name extension."""


class TicketSource:
    """The tickets of one open file; iterate over it once.

    `size` is the file's length in bytes, None where it cannot be known (a pipe). Ticket ids that
    the file lacks begin with eight random hexadecimal digits of this source, so that producing a
    file twice gives two sets of tickets.
    """

    def __init__(
        self, stream: BufferedReader, name: str, input_format: InputFormat | None, size: int | None
    ) -> None:
        self._stream = stream
        self._lines = LineReader(stream, name)
        self._format = input_format
        self.size = size

    @property
    def bytes_read(self) -> int:
        """Bytes read so far."""
        return self._lines.bytes_read

    def __iter__(self) -> Iterator[TicketRecord]:
        input_format = self._format or _guess(self._stream, self._lines.name)
        return parse_tickets(
            self._lines, input_format, name=self._lines.name, id_prefix=uuid.uuid4().hex[:8]
        )


@contextmanager
def open_tickets(path: str, input_format: InputFormat | None = None) -> Iterator[TicketSource]:
    """Open the file at `path`, or standard input for `-`.

    Without `input_format` a file's extension tells it; standard input is JSONL where its first
    character is `{`, else plain lines. Raises `UserError` where the file cannot be read or its
    extension says nothing, and at the first ticket where standard input begins like neither.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UserError("standard input is closed: name a file, or pipe tickets")
        # A buffer of its own: a thread that waits in sys.stdin's would hold its lock at exit,
        # which ends the interpreter with a fatal error.
        stream = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115
        yield TicketSource(stream, "standard input", input_format, size=None)
        return
    known = input_format or FORMATS.get(Path(path).suffix.lower())
    if known is None:
        raise UserError(
            f"{path}: its name does not tell the format; give --format csv, jsonl or lines"
        )
    try:
        file = open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    with file:
        yield TicketSource(file, path, known, os.fstat(file.fileno()).st_size or None)


def _guess(stream: BufferedReader, name: str) -> InputFormat:
    """By the first bytes that are there, without taking them."""
    start = stream.peek().removeprefix(codecs.BOM_UTF8).lstrip()
    if start.startswith(b"{"):
        return InputFormat.JSONL
    if start.startswith(b"["):
        raise UserError(
            f"{name} begins like a JSON array: send one ticket a line with --format jsonl, "
            "or give --format lines where each line is the text of a ticket"
        )
    first, _, _ = start.partition(b"\n")
    columns = next(csv.reader([first.decode(errors="replace")]), [])
    if TEXT_COLUMN in [column.strip() for column in columns]:
        raise UserError(
            f"{name} begins like the header of a CSV: give --format csv, "
            "or --format lines where each line is the text of a ticket"
        )
    return InputFormat.LINES
