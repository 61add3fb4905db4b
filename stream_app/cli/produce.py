"""`tickets produce`: send tickets from a file or a pipe to the raw topic."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream_app.cli.output import JsonFlag, err, out, print_json

# A light module: its import costs nothing that typer and pydantic do not cost already.
from stream_app.tickets_input.parse import InputFormat

if TYPE_CHECKING:
    from stream_app.produce import Sender
    from stream_app.settings import Settings
    from stream_app.tickets_input import TicketSource

INTERRUPTED = 130
REFRESH_S = 0.2


def produce(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Tickets; - is standard input.")],
    input_format: Annotated[
        InputFormat | None,
        typer.Option("--format", help="How FILE is written; else its extension tells."),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, help="Tickets a second, evenly spread; else as fast as it goes."),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(help="A topic that is there; else the raw topic of the settings."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Send tickets from a CSV, JSONL or text file to Kafka, every delivery confirmed.

    CSV has a header with a column text, and may have ticket_id, subject, channel, customer_id
    and created_at; other columns become attributes. JSONL is sent line by line as it is, right
    or wrong. In a text file each line is a ticket. Ctrl-C stops after what is on its way.
    """
    import uvloop

    from stream_app.settings import load_settings
    from stream_app.tickets_input import open_tickets

    settings = load_settings(config, **({"topics": {"raw": topic}} if topic is not None else {}))
    with open_tickets(file, input_format) as source:
        # A name that was typed by hand may be misspelt: nobody would read a topic of that name.
        report = uvloop.run(_produce(settings, source, rate, into_existing=topic is not None))
    if as_json:
        print_json(report.as_json())
    else:
        out.print(report.as_text(), soft_wrap=True)
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Report:
    """What was sent; `seconds` runs from the first record to the last confirmation."""

    records: int
    topic: str
    seconds: float
    interrupted: bool

    @property
    def rate_per_s(self) -> float:
        """Confirmed records a second; 0 where nothing was sent."""
        return self.records / self.seconds if self.records else 0.0

    def as_json(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "records": self.records,
            "topic": self.topic,
            "seconds": round(self.seconds, 3),
            "rate_per_s": round(self.rate_per_s, 1),
        }

    def as_text(self) -> str:
        """One line for people."""
        begin = "interrupted: " if self.interrupted else ""
        return (
            f"{begin}{self.records:,} records confirmed in {self.topic} "
            f"({self.seconds:.1f} s, {self.rate_per_s:,.0f}/s)"
        )


async def _produce(
    settings: Settings, source: TicketSource, rate: float | None, *, into_existing: bool
) -> Report:
    from stream_app.broker import ensure_topics
    from stream_app.broker.probe import check_answers
    from stream_app.kafka_client import aiokafka_options, bootstrap_servers
    from stream_app.produce import open_sender, produce
    from stream_app.topic_reader import partitions_of
    from stream_app.topic_reader.reader import ANSWER_WITHIN_S
    from stream_app.topics import topic_specs

    servers = bootstrap_servers(settings.kafka)
    security = aiokafka_options(settings.kafka)
    await asyncio.to_thread(
        check_answers, servers, timeout_s=ANSWER_WITHIN_S, kafka_security=security
    )
    if not into_existing:
        await ensure_topics(servers, topic_specs(settings.topics), kafka_security=security)
    async with open_sender(servers, security, client_id="tickets-produce") as sender:
        if into_existing:
            await partitions_of(servers, security, [settings.topics.raw])
        started = time.monotonic()
        async with _progress(source, sender):
            work = asyncio.create_task(produce(source, sender, settings.topics.raw, rate=rate))
            interrupted = await _unless_interrupted(work)
            await sender.flush()
        return Report(
            records=sender.confirmed,
            topic=settings.topics.raw,
            seconds=time.monotonic() - started,
            interrupted=interrupted,
        )


async def _unless_interrupted(work: asyncio.Task[None]) -> bool:
    """Wait for `work`; True where Ctrl-C cancelled it. A second Ctrl-C ends the process."""
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        work.cancel()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        await work
    except asyncio.CancelledError:
        return True
    finally:
        loop.remove_signal_handler(signal.SIGINT)
    return False


@asynccontextmanager
async def _progress(source: TicketSource, sender: Sender) -> AsyncIterator[None]:
    """A bar on a terminal, nothing elsewhere. It runs by bytes: lines are not known ahead."""
    if not err.is_terminal:
        yield
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    started = time.monotonic()
    with Progress(
        TextColumn("{task.fields[confirmed]:,} confirmed"),
        BarColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        auto_refresh=False,
    ) as bar:
        task = bar.add_task("", total=source.size, confirmed=0, rate=0.0)

        def show() -> None:
            bar.update(
                task,
                completed=source.bytes_read,
                confirmed=sender.confirmed,
                rate=sender.confirmed / max(time.monotonic() - started, REFRESH_S),
                refresh=True,
            )

        ticker = asyncio.create_task(_every(REFRESH_S, show))
        try:
            yield
        finally:
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker


async def _every(seconds: float, show: Callable[[], None]) -> None:
    while True:
        show()
        await asyncio.sleep(seconds)
