"""Micro-batches in flight: decode, decide off the loop, publish, and ack in order.

Owns the micro-batches between Faust's stream and the ack. While one is being published the next
ones are decided; the offset tracker keeps the acks in order.

The order of one micro-batch's steps is what keeps tickets:
  1. it is entered into the offset tracker;
  2. its records are decoded; too many refusals in a row stop the worker here;
  3. it is decided in a thread;
  4. its outcomes are published and each one is confirmed by the broker; those that a language
     model is asked about follow when their verdicts have come, with the next micro-batch that is
     published soon;
  5. it is acked, once every earlier micro-batch was.
A failure in any step leaves it and all later ones unacked, and ends the worker.

What waits is bounded twice: by the micro-batches that are decided or published at a time, and,
since a verdict holds up the acks of all that came later, by the records that are not acked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from schemas import LlmVerdict, RawTicket
from stream_app.hot_reload.shadow import LiveTicket, Shadow
from stream_app.llm import LlmLayer, Question
from stream_app.messages import Record, Refusal, decode
from stream_app.producer import RecordProducer
from stream_app.triage import model_text
from stream_app.worker.dead_letter_run import DeadLetterRun
from stream_app.worker.decide import Decider, Doubtful, Outcome
from stream_app.worker.metrics import WorkerMetrics
from stream_app.worker.offset_tracker import InFlight, OffsetTracker

log = logging.getLogger(__name__)

GOES_ALONG_WITHIN_S = 0.25
"""How long a ticket with a verdict may wait for a micro-batch that it can be published with: a
request of its own costs as much processor time as ten tickets, worker and broker together."""

Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class Taken(Generic[Event]):
    """A consumed record with the handle that acks it."""

    record: Record
    event: Event


class Pipeline(Generic[Event]):
    """Runs micro-batches; `ack` is called for each event, in order, and for nothing else."""

    def __init__(
        self,
        *,
        decider: Decider,
        producer: RecordProducer,
        ack: Callable[[Event], Awaitable[object]],
        run: DeadLetterRun,
        metrics: WorkerMetrics,
        batch_tickets: int,
        batches_in_flight: int,
        unacked_records: int,
        shadow: Shadow | None,
        llm: LlmLayer | None,
    ) -> None:
        self._decider = decider
        self._producer = producer
        self._ack = ack
        self._run = run
        self._metrics = metrics
        self._shadow = shadow
        self._llm = llm
        self._tracker: OffsetTracker[Sequence[Taken[Event]]] = OffsetTracker()
        self._pending: deque[Taken[Event]] = deque()
        self._started = asyncio.Event()
        self._deciding = 0
        self._leaving = asyncio.Event()
        self._batch_tickets = batch_tickets
        self._free_slots = batches_in_flight
        self._most_unacked = unacked_records
        self._unacked = 0
        self._threads = ThreadPoolExecutor(batches_in_flight, thread_name_prefix="decide")
        self._tasks: set[asyncio.Task[None]] = set()
        self._acking = asyncio.Lock()
        self._draining = False
        self.failure: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def submit(self, taken: Sequence[Taken[Event]]) -> None:
        """Take consumed records, in order; waits while they would fill another micro-batch.

        What comes while all slots are taken is gathered, so that a backlog is decided in whole
        micro-batches however little comes at a time. After a failure, and once draining has begun,
        nothing more is started: the call waits for the worker to end.
        """
        self._pending.extend(taken)
        self._start()
        while len(self._pending) >= self._batch_tickets:
            self._started.clear()
            await self._started.wait()

    async def drain(self, timeout_s: float) -> bool:
        """Start nothing more and wait for what is in flight; True where all was acked in time.

        Raises what made a micro-batch fail, now or before.
        """
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=timeout_s)
        if self.failure.done():
            raise self.failure.result()
        return not self._tasks

    async def close(self) -> None:
        """Drop what is still in flight, unacked, so that it is redelivered."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _start(self) -> None:
        """Start what may be: to be called when records came, a slot is free, or some were acked."""
        while self._pending and self._free_slots and not (self._draining or self.failure.done()):
            size = min(len(self._pending), self._batch_tickets)
            # A micro-batch that is larger than what may be unacked goes alone.
            if self._unacked and self._unacked + size > self._most_unacked:
                return
            self._free_slots -= 1
            entry = self._tracker.take([self._pending.popleft() for _ in range(size)])
            self._unacked += size
            self._metrics.consumed.inc(size)
            self._metrics.batch_tickets.observe(size)
            self._metrics.batches_in_flight.set(len(self._tracker))
            task = asyncio.create_task(self._process(entry))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
            self._started.set()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not self.failure.done():
            self.failure.set_result(error)

    async def _process(self, entry: InFlight[Sequence[Taken[Event]]]) -> None:
        decoded = [(taken.record, self._decode(taken.record)) for taken in entry.batch]
        items = await self._decide(decoded)
        at_once, asked = await self._ask_about(items)
        await self._let_others_come_along()
        await self._publish(at_once)
        self._free_slots += 1
        self._start()
        await self._publish_settled(asked)
        # Two micro-batches may be released by different tasks: the lock keeps their acks in order.
        async with self._acking:
            for batch in self._tracker.finish(entry):
                for taken in batch:
                    await self._ack(taken.event)
                self._metrics.acked.inc(len(batch))
                self._unacked -= len(batch)
                self._start()
        self._metrics.batches_in_flight.set(len(self._tracker))
        self._offer_to_shadow(items)

    async def _decide(
        self, decoded: Sequence[tuple[Record, RawTicket | Refusal]]
    ) -> Sequence[Outcome | Doubtful]:
        at_once = self._llm.at_once if self._llm else None
        started = time.perf_counter()
        self._deciding += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._decider.decide, decoded, at_once
            )
        finally:
            self._deciding -= 1
            self._metrics.decide_seconds.observe(time.perf_counter() - started)

    async def _ask_about(
        self, items: Sequence[Outcome | Doubtful]
    ) -> tuple[list[Outcome], dict[asyncio.Task[LlmVerdict], Doubtful]]:
        """What can be published at once, and the others under the verdict that they wait for."""
        at_once: list[Outcome] = []
        asked: dict[asyncio.Task[LlmVerdict], Doubtful] = {}
        for item in items:
            if isinstance(item, Outcome):
                at_once.append(item)
                continue
            answer = self._ask(item.question)
            if isinstance(answer, LlmVerdict):
                at_once.append(self._decider.settle(item, answer))
            else:
                asked[answer] = item
            # Its text was redacted on the loop: many in a row would hold it up.
            await asyncio.sleep(0)
        return at_once, asked

    def _ask(self, question: Question) -> LlmVerdict | asyncio.Task[LlmVerdict]:
        if self._llm is None:
            raise RuntimeError("a ticket was left in doubt with nobody there to ask")
        return self._llm.try_ask(question)

    async def _publish_settled(self, asked: dict[asyncio.Task[LlmVerdict], Doubtful]) -> None:
        """Publish each ticket soon after its verdict, with those that were settled meanwhile."""
        while asked:
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            await self._a_micro_batch_that_leaves()
            verdicts = [verdict for verdict in asked if verdict.done()]
            await self._publish(
                [self._decider.settle(asked.pop(verdict), verdict.result()) for verdict in verdicts]
            )

    async def _a_micro_batch_that_leaves(self) -> None:
        """Return when one is about to be published, or where none will be for a while."""
        if self._deciding:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GOES_ALONG_WITHIN_S):
                    await self._leaving.wait()

    async def _let_others_come_along(self) -> None:
        """Wake those that wait for this, and let them hand over what they have first."""
        self._leaving.set()
        self._leaving.clear()
        await asyncio.sleep(0)

    async def _publish(self, outcomes: Sequence[Outcome]) -> None:
        if not outcomes:
            return
        started = time.perf_counter()
        await self._producer.publish([outcome.outgoing for outcome in outcomes])
        self._metrics.publish_seconds.observe(time.perf_counter() - started)
        self._count(outcomes)

    def _offer_to_shadow(self, items: Sequence[Outcome | Doubtful]) -> None:
        """After the ack: a challenger must not delay a ticket."""
        if self._shadow is None or self._shadow.challenger is None:
            return
        self._shadow.offer(
            LiveTicket(
                item.record.key or item.record.event_id.encode(),
                model_text(item.decided.ticket),
                item.decided.decision.prediction.label.intent,
            )
            for item in items
            if item.decided is not None
        )

    def _decode(self, record: Record) -> RawTicket | Refusal:
        item = decode(record.value)
        if isinstance(item, Refusal):
            self._run.refused(item.message)
        else:
            self._run.accepted()
        return item

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        now = time.time()
        for outcome in outcomes:
            if outcome.queue is not None:
                self._metrics.routed.labels(outcome.queue.value).inc()
            elif outcome.refused is not None:
                self._metrics.dead_lettered.labels(outcome.refused.value).inc()
            for rule in outcome.rules:
                self._metrics.findings.labels(rule).inc()
            self._metrics.age_seconds.observe(max(0.0, now - outcome.record.timestamp / 1000))
