"""`tickets dlq`: look at the dead-letter queue and send its records back."""

from __future__ import annotations

import asyncio
import base64
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from schemas import ErrorCode
from stream_app.cli.output import JsonFlag, err, out, print_json
from stream_app.terminal_text import one_line, visible

if TYPE_CHECKING:
    from stream_app.dead_letters import Cluster, Letter, RedriveReport, Selection

INTERRUPTED = 130
KEY_WIDTH = 24
MESSAGE_WIDTH = 60
BYTES_A_ROW = 16

app = typer.Typer(
    help="Look at the dead-letter queue and send its records back.",
    no_args_is_help=True,
)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
]


@app.command("list")
def list_letters(
    code: Annotated[ErrorCode | None, typer.Option(help="Only those with this error.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many of the newest; else all.")
    ] = None,
    config: ConfigFile = None,
    as_json: JsonFlag = False,
) -> None:
    """List dead letters, oldest first, and whether each one was redriven."""
    rows, foreign = asyncio.run(_list(_cluster(config), code))
    if limit is not None:
        rows = nlargest(limit, rows, key=Row.age)
    rows = sorted(rows, key=Row.age)
    if as_json:
        for row in rows:
            print_json({**row.summary, "redriven": row.redriven})
    else:
        id_width = max((len(row.summary["event_id"]) for row in rows), default=0)
        for row in rows:
            out.print(Text(_line(row, id_width=id_width)), soft_wrap=True)
    _tell_foreign(foreign)


@app.command("show")
def show_letter(
    event_id: Annotated[str, typer.Argument(help="As `tickets dlq list` gives it.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the original bytes, and only them, to stdout.")
    ] = False,
    config: ConfigFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Show one dead letter: its error, headers, key and original value.

    A value that is UTF-8 is shown as text with control characters escaped, any other as a
    hexadecimal dump. With --json key, value and header values are base64.
    """
    from stream_app.errors import UserError

    if raw and as_json:
        raise UserError("--raw and --json exclude each other")
    letter = asyncio.run(_find(_cluster(config), event_id))
    if letter is None:
        raise UserError(f"no dead letter with event id {event_id}")
    if raw:
        sys.stdout.buffer.write(letter.record.value or b"")
        sys.stdout.buffer.flush()
    elif as_json:
        print_json(_details(letter))
    else:
        _print_letter(letter)


@app.command("redrive")
def redrive_letters(
    event_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[EVENT_ID]...", help="The ones to send back.")
    ] = None,
    code: Annotated[ErrorCode | None, typer.Option(help="All with this error.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of the queue.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also those that were redriven before.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many would be sent.")
    ] = False,
    config: ConfigFile = None,
    as_json: JsonFlag = False,
) -> None:
    """Send dead letters back to the topic they came from, as they were.

    Key, value and headers are the original ones, and the queue itself is not changed. What was
    redriven is remembered in the committed offsets of the consumer group <worker group>-redrive,
    and a second run passes it over; --again sends it once more. Records are marked after the
    broker has confirmed them: a crash in between repeats at most 500 of them. Run one redrive at
    a time.
    """
    from stream_app.dead_letters import Selection
    from stream_app.errors import UserError

    if sum((bool(event_ids), code is not None, everything)) != 1:
        raise UserError("choose what to redrive: event ids, --code, or --all")
    selection = Selection(frozenset(event_ids or ()), code)
    report = asyncio.run(_redrive(_cluster(config), selection, again=again, dry_run=dry_run))
    if as_json:
        print_json(
            {
                "redriven": report.redriven,
                "already_redriven": report.already_redriven,
                "topics": list(report.source_topics),
                "dry_run": report.dry_run,
            }
        )
    else:
        out.print(_redrive_line(report), markup=False, soft_wrap=True)
    _tell_foreign(report.foreign)
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)


def _cluster(config: Path | None) -> Cluster:
    from stream_app.dead_letters import Cluster
    from stream_app.kafka_client import aiokafka_options, bootstrap_servers
    from stream_app.settings import load_settings

    settings = load_settings(config)
    return Cluster(
        bootstrap_servers=bootstrap_servers(settings.kafka),
        security=aiokafka_options(settings.kafka),
        topic=settings.topics.dlq,
        consumer_group=settings.worker.consumer_group,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A dead letter in a list, without its value. `refused_at` is in milliseconds since 1970."""

    summary: Mapping[str, Any]
    refused_at: int
    partition: int
    offset: int
    redriven: bool

    def age(self) -> tuple[int, int, int]:
        """Sorts oldest first; the position decides between letters of one millisecond."""
        return self.refused_at, self.partition, self.offset


async def _list(cluster: Cluster, code: ErrorCode | None) -> tuple[list[Row], int]:
    from stream_app.dead_letters import open_dead_letters, open_redrive_group

    async with (
        open_dead_letters(cluster.bootstrap_servers, cluster.security, cluster.topic) as letters,
        open_redrive_group(
            cluster.bootstrap_servers, cluster.security, cluster.consumer_group
        ) as group,
    ):
        marks = await group.load(letters.spans)
        rows = [
            Row(
                summary=letter.summary(),
                refused_at=letter.record.timestamp,
                partition=letter.record.partition,
                offset=letter.record.offset,
                redriven=letter.record.offset
                in marks[letter.record.topic, letter.record.partition],
            )
            async for letter in letters
            if code is None or letter.error.code == code
        ]
        return rows, letters.foreign


async def _find(cluster: Cluster, event_id: str) -> Letter | None:
    from stream_app.dead_letters import open_dead_letters

    async with open_dead_letters(
        cluster.bootstrap_servers, cluster.security, cluster.topic
    ) as letters:
        async for letter in letters:
            if letter.error.event_id == event_id:
                return letter
    return None


async def _redrive(
    cluster: Cluster, selection: Selection, *, again: bool, dry_run: bool
) -> RedriveReport:
    from stream_app.dead_letters import redrive

    with _progress() as show:
        return await redrive(
            cluster,
            selection,
            again=again,
            dry_run=dry_run,
            until=_interrupted(),
            on_redriven=show,
        )


@contextmanager
def _interrupted() -> Iterator[asyncio.Event]:
    """What the first Ctrl-C sets. A second one ends the process, as one before and after does."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def interrupt() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        stop.set()

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    from rich.progress import Progress

    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("redriving", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _redrive_line(report: RedriveReport) -> str:
    begin = "interrupted: " if report.interrupted else ""
    verb = "would redrive" if report.dry_run else "redrove"
    target = f" to {', '.join(report.source_topics)}" if report.source_topics else ""
    line = f"{begin}{verb} {report.redriven:,} dead letters{target}"
    if report.already_redriven:
        line += f"; left alone: {report.already_redriven:,} redriven before (--again sends them)"
    return line


def _tell_foreign(foreign: int) -> None:
    if foreign:
        err.print(f"{foreign:,} records without error headers passed over")


def _line(row: Row, *, id_width: int) -> str:
    """One letter on one line, however long, so that it can be read and searched by line."""
    redriven = "  (redriven)" if row.redriven else ""
    key = f"  key {one_line(row.summary['key'], KEY_WIDTH)}" if row.summary["key"] else ""
    return (
        f"{row.summary['event_id']:<{id_width}}  {_moment(row.refused_at)}  {row.summary['code']}: "
        f"{one_line(row.summary['message'], MESSAGE_WIDTH)}{key}"
        f"  {row.summary['size']:,} bytes{redriven}"
    )


def _details(letter: Letter) -> dict[str, Any]:
    return {
        **letter.summary(),
        "headers": [
            {"name": name, "value_base64": _base64(value)}
            for name, value in letter.original().headers
        ],
        "key_base64": _base64(letter.record.key),
        "value_base64": _base64(letter.record.value),
    }


def _base64(value: bytes | None) -> str | None:
    return base64.b64encode(value).decode() if value is not None else None


def _print_letter(letter: Letter) -> None:
    error = letter.error
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("event id", Text(error.event_id))
    table.add_row("error", Text(f"{error.code.value}: {visible(error.message)}"))
    table.add_row("stage", Text(error.stage))
    table.add_row("source", Text(f"{error.topic}, partition {error.partition}, {error.offset}"))
    table.add_row("written at", _moment(error.timestamp))
    table.add_row("refused at", _moment(letter.record.timestamp))
    for name, value in letter.original().headers:
        shown = "null" if value is None else value.decode(errors="backslashreplace")
        table.add_row("header", Text(visible(f"{name}: {shown}")))
    table.add_row("key", Text("null" if letter.key_text is None else visible(letter.key_text)))
    value = letter.record.value
    table.add_row("value", "null (a tombstone)" if value is None else f"{len(value):,} bytes")
    out.print(table)
    if value:
        out.print()
        out.print(Text(_shown(value)), soft_wrap=True)


def _shown(value: bytes) -> str:
    """Text where it is UTF-8, else a hexadecimal dump."""
    try:
        return visible(value.decode())
    except UnicodeDecodeError:
        return "\n".join(_dump(value))


def _dump(value: bytes) -> Iterator[str]:
    for start in range(0, len(value), BYTES_A_ROW):
        row = value[start : start + BYTES_A_ROW]
        ascii_only = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):<{3 * BYTES_A_ROW}} {ascii_only}"


def _moment(milliseconds: int) -> str:
    """Local date and time; the number where it is none, as a sender's own timestamp can be."""
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms since 1970"
    return f"{moment:%Y-%m-%d %H:%M:%S}"
