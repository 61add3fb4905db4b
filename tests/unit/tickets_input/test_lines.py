from __future__ import annotations

import io

import pytest

from stream_app.errors import UserError
from stream_app.tickets_input import LineReader
from stream_app.topics import MAX_RECORD_BYTES


class Endless(io.RawIOBase):
    """Bytes without a line break, as many as are asked for; counts them."""

    def __init__(self) -> None:
        self.given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        buffer[:] = b"x" * len(buffer)
        self.given += len(buffer)
        return len(buffer)


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    source = Endless()
    lines = LineReader(io.BufferedReader(source), "in")

    with pytest.raises(UserError, match="in line 1: longer than"):
        next(iter(lines))
    assert source.given < 2 * MAX_RECORD_BYTES


def test_bytes_read_end_at_the_size_of_the_file() -> None:
    content = b"\xef\xbb\xbfone\ntwo"
    lines = LineReader(io.BytesIO(content), "in")

    assert [(line.number, line.content) for line in lines] == [(1, b"one\n"), (2, b"two")]
    assert lines.bytes_read == len(content)
