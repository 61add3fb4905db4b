"""Cuts a stream of bytes into lines of bounded length; knows nothing of what the lines mean."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from stream_app.errors import UserError
from stream_app.topics import MAX_RECORD_BYTES


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its line break; `number` counts from 1."""

    number: int
    content: bytes


class LineReader:
    """Iterates over the lines of `stream`, holding one line in memory at a time.

    A byte order mark at the start is dropped: it belongs to the file and not to its first line.
    Raises `UserError`, its message starting with `name`, at a line that is longer than a record
    may be.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self.name = name
        self.bytes_read = 0
        """Bytes taken from the stream so far, for a progress bar."""

    def __iter__(self) -> Iterator[Line]:
        number = 0
        while content := self._stream.readline(MAX_RECORD_BYTES + 1):
            number += 1
            if len(content) > MAX_RECORD_BYTES:
                raise UserError(
                    f"{self.name} line {number}: longer than {MAX_RECORD_BYTES:,} bytes, "
                    "the most that a record may have"
                )
            self.bytes_read += len(content)
            if number == 1:
                content = content.removeprefix(codecs.BOM_UTF8)
            yield Line(number, content)
