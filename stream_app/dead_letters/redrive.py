"""Sends dead letters back to the topic that they came from, and remembers which.

The order of a chunk's steps is what keeps records:
  1. its original records are sent;
  2. the broker confirms every one;
  3. their offsets are committed as redriven.
A crash between 2 and 3 leaves a chunk sent and unmarked: the next redrive sends it again. So a
redrive is at-least-once, with at most `CHUNK` records sent twice. A record that was sent back is
a new record of the raw topic with an event id of its own; if it is refused again, its new dead
letter is redriven by a later run like any other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from stream_app.dead_letters.letter import Letter
from stream_app.dead_letters.marks import Marks
from stream_app.dead_letters.plan import Entry, Plan, Selection, make_plan
from stream_app.dead_letters.queue import open_dead_letters
from stream_app.dead_letters.redrive_group import RedriveGroup, open_redrive_group
from stream_app.errors import UserError
from stream_app.produce import Sender, open_sender
from stream_app.topic_reader import Partition, partitions_of

CHUNK = 500
"""Records sent between two commits."""


@dataclass(frozen=True, slots=True)
class RedriveReport:
    """What a redrive did; with `dry_run`, what it would have done."""

    redriven: int
    already_redriven: int
    foreign: int
    """Records of the queue that carry no error headers; they are never sent."""
    source_topics: tuple[str, ...]
    dry_run: bool
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the dead letters are and who remembers."""

    bootstrap_servers: str
    security: Mapping[str, Any]
    topic: str
    consumer_group: str


async def redrive(
    cluster: Cluster,
    selection: Selection,
    *,
    again: bool,
    dry_run: bool,
    until: AbstractContextManager[asyncio.Event],
    on_redriven: Callable[[int, int], None],
) -> RedriveReport:
    """Send the chosen dead letters back and mark them; those marked before are left alone.

    The queue is read as it stands at the start, so what is refused again is not sent in circles.
    `again` sends what was redriven before as well. `until` is open while records are sent: once
    its event is set, the sending ends after the chunk in hand. `on_redriven` is given the records
    sent so far and their total after each chunk.

    Raises `UserError` before anything is sent where an event id is not in the queue or the marks
    would not fit in a commit; `Unavailable` where a source topic does not exist or Kafka fails.
    """
    async with open_redrive_group(
        cluster.bootstrap_servers, cluster.security, cluster.consumer_group
    ) as group:
        async with open_dead_letters(
            cluster.bootstrap_servers, cluster.security, cluster.topic
        ) as letters:
            entries = [Entry.of(letter) async for letter in letters]
            marks = await group.load(letters.spans)
        plan = make_plan(entries, selection, marks, again=again)
        _check(plan, selection, marks)
        await partitions_of(cluster.bootstrap_servers, cluster.security, plan.source_topics)
        redriven, interrupted = len(plan.to_send), False
        if plan.to_send and not dry_run:
            with until as stop:
                left = _to_mark(plan) if selection.everything else {}
                redriven = await _run(cluster, plan, group, marks, left, stop, on_redriven)
                interrupted = stop.is_set()
        return RedriveReport(
            redriven=redriven,
            already_redriven=plan.already_redriven,
            foreign=letters.foreign,
            source_topics=tuple(sorted(plan.source_topics)),
            dry_run=dry_run,
            interrupted=interrupted,
        )


def _check(plan: Plan, selection: Selection, marks: Mapping[Partition, Marks]) -> None:
    if plan.unknown:
        raise UserError(f"no dead letter with event id {', '.join(plan.unknown)}")
    if selection.everything:
        return  # one offset a partition says it, with nothing left out before it
    for partition, offsets in plan.marked.items():
        if not marks[partition].adding(offsets).fits:
            chosen = f"with the code {selection.code}" if selection.code else "of those named"
            raise UserError(
                f"{len(offsets):,} dead letters {chosen} are scattered over {partition[0]} "
                f"partition {partition[1]}, too many to remember one by one: redrive with --all"
            )


def _to_mark(plan: Plan) -> dict[Partition, deque[int]]:
    return {partition: deque(sorted(offsets)) for partition, offsets in plan.marked.items()}


async def _run(
    cluster: Cluster,
    plan: Plan,
    group: RedriveGroup,
    marks: Mapping[Partition, Marks],
    left: Mapping[Partition, deque[int]],
    stop: asyncio.Event,
    on_redriven: Callable[[int, int], None],
) -> int:
    """Returns how many records were sent and marked.

    `left` has the offsets to mark, in order, of the partitions in which nothing else has to be
    remembered: there, what is no dead letter is passed over as its turn comes.
    """
    redriven = 0
    current = dict(marks)
    async with open_sender(
        cluster.bootstrap_servers, cluster.security, client_id="tickets-dlq-redrive"
    ) as sender:
        async for chunk in _chunks(cluster, plan):
            if stop.is_set():
                break
            await _send(chunk, sender)
            sent: dict[Partition, list[int]] = {}
            for letter in chunk:
                for partition, offset in plan.to_send[_place(letter)]:
                    sent.setdefault(partition, []).append(offset)
            for partition, offsets in sent.items():
                current[partition] = current[partition].adding(offsets)
            for partition, waiting in left.items():
                current[partition] = _passing_over(current[partition], waiting)
            await group.save(current)
            redriven += len(chunk)
            on_redriven(redriven, len(plan.to_send))
    return redriven


def _passing_over(marks: Marks, waiting: deque[int]) -> Marks:
    """`marks` and all before the first of `waiting` that is not marked; drops those that are."""
    while waiting and waiting[0] in marks:
        waiting.popleft()
    last = max(marks.beyond, default=marks.committed)
    return marks.passing_over(waiting[0] if waiting else last)


async def _send(letters: Sequence[Letter], sender: Sender) -> None:
    for letter in letters:
        await sender.send(letter.original())
    await sender.flush()


async def _chunks(cluster: Cluster, plan: Plan) -> AsyncIterator[list[Letter]]:
    """The letters of the plan, read a second time so that their values need no memory."""
    first: dict[Partition, int] = {}
    for partition, offset in plan.to_send:
        first[partition] = min(offset, first.get(partition, offset))
    chunk: list[Letter] = []
    left = len(plan.to_send)
    async with open_dead_letters(
        cluster.bootstrap_servers, cluster.security, cluster.topic, start=first
    ) as letters:
        async for letter in letters:
            if _place(letter) not in plan.to_send:
                continue
            chunk.append(letter)
            left -= 1
            if len(chunk) == CHUNK or left == 0:
                yield chunk
                chunk = []
            if left == 0:
                return
    if chunk:
        yield chunk


def _place(letter: Letter) -> tuple[Partition, int]:
    record = letter.record
    return (record.topic, record.partition), record.offset
