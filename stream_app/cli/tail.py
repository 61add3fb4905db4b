"""`tickets tail`: follow a queue live, without taking anything from its consumers."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.text import Text

from schemas import Priority, Queue, TriagedTicket
from stream_app.cli.output import JsonFlag, err, out, print_json
from stream_app.terminal_text import one_line

if TYPE_CHECKING:
    from stream_app.messages import Record
    from stream_app.settings import Settings, TopicSettings

TEXT_WIDTH = 80

PRIORITY_STYLES = {Priority.HIGH: "bold red", Priority.MEDIUM: "yellow", Priority.LOW: "green"}


class TailQueue(StrEnum):
    """What can be followed: the four queues and the dead-letter queue."""

    PRIORITY = Queue.PRIORITY.value
    TOXIC = Queue.TOXIC.value
    REVIEW = Queue.REVIEW.value
    STANDARD = Queue.STANDARD.value
    DLQ = "dlq"


def tail(
    queue: Annotated[TailQueue, typer.Argument(help="The queue to follow.")],
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Start with the oldest; else from now on.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="End after so many; else follow until Ctrl-C.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show tickets as they arrive in a queue, each with the reason for its decision.

    With --json one object a line: triaged tickets as in the schema, dead letters with event_id,
    code, message, their source position, key and size. Ctrl-C ends it.
    """
    from stream_app.settings import load_settings

    settings = load_settings(config)
    show = _show_letter if queue is TailQueue.DLQ else _show_ticket
    try:
        asyncio.run(
            _follow(
                settings,
                _topic(settings.topics, queue),
                lambda record: show(record, as_json=as_json),
                from_beginning=from_beginning,
                limit=limit,
            )
        )
    except (KeyboardInterrupt, asyncio.CancelledError):
        # Following has no other end: neither Ctrl-C nor a closed pipe is a failure.
        return


def _topic(topics: TopicSettings, queue: TailQueue) -> str:
    from stream_app.topics import queue_topic

    return topics.dlq if queue is TailQueue.DLQ else queue_topic(topics, Queue(queue.value))


async def _follow(
    settings: Settings,
    topic: str,
    show: Callable[[Record], bool],
    *,
    from_beginning: bool,
    limit: int | None,
) -> None:
    from stream_app.kafka_client import aiokafka_options, bootstrap_servers
    from stream_app.topic_reader import open_reader

    _end_with_the_pipe()
    servers = bootstrap_servers(settings.kafka)
    async with open_reader(
        servers,
        aiokafka_options(settings.kafka),
        [topic],
        start="beginning" if from_beginning else "end",
    ) as reader:
        err.print(f"following {topic} at {servers}; Ctrl-C ends it", markup=False, soft_wrap=True)
        shown = 0
        async for record in reader:
            if not show(record):
                err.print(
                    f"passed over {record.event_id}: not written by `tickets worker`",
                    markup=False,
                    soft_wrap=True,
                )
                continue
            shown += 1
            if shown == limit:
                return


def _end_with_the_pipe() -> None:
    """Cancel the running task when the reader of our standard output goes away.

    Otherwise a quiet queue would keep us waiting until the next write fails. A pipe's write end
    becomes readable when its other end is closed; asyncio's own pipe transport relies on it.
    """
    task = asyncio.current_task()
    stdout = sys.stdout.fileno()
    if task is not None and stat.S_ISFIFO(os.fstat(stdout).st_mode):
        asyncio.get_running_loop().add_reader(stdout, task.cancel)


def _show_ticket(record: Record, *, as_json: bool) -> bool:
    """False where the record is no triaged ticket."""
    try:
        ticket = TriagedTicket.model_validate_json(record.value or b"")
    except ValidationError:
        return False
    if as_json:
        typer.echo(ticket.model_dump_json())
    else:
        out.print(ticket_line(ticket), soft_wrap=True)
    return True


def _show_letter(record: Record, *, as_json: bool) -> bool:
    """False where the record carries no error headers."""
    from stream_app.dead_letters import read_letter

    letter = read_letter(record)
    if letter is None:
        return False
    if as_json:
        print_json(letter.summary())
        return True
    line = Text()
    line.append(f"{_clock(datetime.fromtimestamp(record.timestamp / 1000, UTC))}  ", "dim")
    line.append(f"{letter.error.code.value:<15}  ", "bold red")
    line.append(f"{letter.error.event_id}  ")
    line.append(one_line(letter.error.message, TEXT_WIDTH), "yellow")
    line.append(f"  {letter.size:,} bytes", "dim")
    out.print(line, soft_wrap=True)
    return True


def ticket_line(ticket: TriagedTicket) -> Text:
    """One decision on one line: time, priority, intent, the rules that fired, and the text."""
    line = Text()
    line.append(f"{_clock(ticket.decided_at)}  ", "dim")
    line.append(f"{ticket.priority.value:<6}  ", PRIORITY_STYLES[ticket.priority])
    line.append(f"{ticket.intent} {ticket.confidence:.0%}  ", "cyan")
    rules = ", ".join(dict.fromkeys(finding.rule for finding in ticket.findings))
    if rules:
        line.append(f"{rules}  ", "magenta")
    line.append(one_line(ticket.text, TEXT_WIDTH))
    return line


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")
