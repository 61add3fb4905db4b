"""What ends a pipeline; what flows through one is tested on a real broker."""

from __future__ import annotations

import pytest
from aiokafka import AIOKafkaProducer

from stream_app.errors import UserError
from stream_app.messages import Record
from stream_app.producer import RecordProducer
from stream_app.worker.dead_letter_run import DeadLetterRun
from stream_app.worker.decide import Decider
from stream_app.worker.metrics import WorkerMetrics
from stream_app.worker.pipeline import Pipeline, Taken


async def test_a_failure_while_draining_is_told_and_nothing_is_acked(decider: Decider) -> None:
    client = AIOKafkaProducer(bootstrap_servers="127.0.0.1:9")
    acked: list[int] = []

    async def ack(event: int) -> None:
        acked.append(event)

    async def the_same() -> AIOKafkaProducer:
        return client

    pipeline: Pipeline[int] = Pipeline(
        decider=decider,
        producer=RecordProducer(client, the_same),
        ack=ack,
        run=DeadLetterRun(limit=1),
        metrics=WorkerMetrics(),
        batch_tickets=10,
        batches_in_flight=1,
        unacked_records=10,
        shadow=None,
        llm=None,
    )
    records = [Record("raw", 0, offset, 0, None, b"no ticket", ()) for offset in range(2)]
    await pipeline.submit([Taken(record, record.offset) for record in records])
    with pytest.raises(UserError, match="2 records in a row"):
        await pipeline.drain(5.0)
    await pipeline.close()
    await client.stop()
    assert acked == []
