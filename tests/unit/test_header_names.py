"""A header's name may be any bytes: the records around it and its own come through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiokafka.consumer import fetcher
from aiokafka.record import memory_records

from stream_app.header_names import take_any_header_name
from tests.header_names import AS_READ, GZIP, UNCOMPRESSED, batch_of

VALUES = [b"first", b"second", b"third", b"last"]


@pytest.fixture
def the_clients_own() -> Iterator[None]:
    """Afterwards the client reads as it did."""
    before = fetcher.MemoryRecords, memory_records.DefaultRecordBatch
    yield
    fetcher.MemoryRecords, memory_records.DefaultRecordBatch = before


@pytest.mark.usefixtures("the_clients_own")
@pytest.mark.parametrize("compression", [UNCOMPRESSED, GZIP])
def test_every_record_of_a_batch_with_such_names_is_read_in_order(compression: int) -> None:
    content = batch_of(VALUES, compression=compression)
    take_any_header_name()
    records = fetcher.MemoryRecords(content + content)
    read = []
    while records.has_next():
        batch = records.next_batch()
        assert batch.validate_crc()
        read += [(record.offset, record.key, record.value, record.headers) for record in batch]
    plain, odd = [("plain", b"1")], [("plain", b"1"), (AS_READ, b"2"), ("after", None)]
    assert read == 2 * [
        (number, b"k%d" % number, value, odd if number in (1, 2) else plain)
        for number, value in enumerate(VALUES)
    ]
