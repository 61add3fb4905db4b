"""Lets a consumer read records with any header names, as the broker stores them.

aiokafka meets a name that is not UTF-8 as an error in the middle of a fetch, and again at every
fetch from there: nothing behind that record would ever be read. Here its bad bytes come as
`\\xNN`, since the client's encoder takes whole characters alone, and a dead letter is to carry
the name on. A batch is read so only where the client's own decoder gave up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record import default_records, memory_records


def take_any_header_name() -> None:
    """Make the consumers of this process take them; to be called before one starts."""
    # The one of the client's two readers of batches that can be told how to open one. It opens no
    # record, so that it costs microseconds a batch.
    fetcher.MemoryRecords = memory_records._MemoryRecordsPy
    memory_records.DefaultRecordBatch = _Batch


class _Batch:
    """One batch of records; the client's own in all but the names."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._batch = default_records.DefaultRecordBatch(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        given = 0
        # The client's decoder in Python makes the second of the first, and raises it also for what
        # is broken indeed: the second reading then raises it too.
        with suppress(UnicodeDecodeError, CorruptRecordException):
            for record in self._batch:
                given += 1
                yield record
            return
        yield from islice(_read_leniently(self._content), given, None)


def _read_leniently(content: memoryview) -> Iterator[Any]:
    batch = default_records._DefaultRecordBatchPy(content)
    batch._maybe_uncompress()
    batch._buffer = _Lenient(batch._buffer)
    return iter(batch)


class _Lenient(bytearray):
    """Bytes whose slices all decode. The client's decoder in Python decodes nothing but names."""

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return _Lenient(part) if isinstance(part, bytearray) else part

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)
