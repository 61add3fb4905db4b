"""`tickets classify`: decide texts here and now, without a broker."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from schemas import RawTicket, TriagedTicket
from stream_app.cli.output import JsonFlag, out
from stream_app.terminal_text import one_line

BATCH_LINES = 256
"""Lines of standard input decided together."""


def classify(
    texts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TEXT]...", help="Tickets; without any, lines of standard input."),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle", help="Model; else the newest here, not the registry's.", metavar="DIR"
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Decide tickets as a worker with the same bundle would."""
    from stream_app.errors import UserError
    from stream_app.local_triage import open_local_triage
    from stream_app.settings import load_settings

    given = texts or None
    if given is None and (sys.stdin is None or sys.stdin.isatty()):
        closed = "standard input is closed: " if sys.stdin is None else ""
        raise UserError(
            f'{closed}give a text, as in `tickets classify "My card was stolen"`, or pipe lines'
        )
    overrides = {"inference": {"bundle": bundle}} if bundle else {}
    with open_local_triage(load_settings(config, **overrides)) as triage:
        source: Iterable[str] = given if given is not None else _lines()
        for batch in _batches(source):
            tickets = [ticket_of(text) for text in batch]
            for ticket, decision in zip(tickets, triage.decide(tickets), strict=True):
                message = triage.message(ticket, decision)
                if as_json:
                    typer.echo(message.model_dump_json())
                else:
                    out.print(decision_table(message))


def _lines() -> Iterator[str]:
    from stream_app.errors import UserError

    # The bytes: in the C locale Python would take any for text.
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise UserError(f"standard input, line {number}: is not UTF-8") from error
        if text.strip():
            yield text


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(texts)
    while batch := list(islice(iterator, BATCH_LINES)):
        yield batch


def ticket_of(text: str) -> RawTicket:
    """A ticket with this text, checked as a record would be.

    Raises `UserError` for a text that would be a dead letter.
    """
    from stream_app.errors import UserError
    from stream_app.messages import Refusal, decode

    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UserError("no ticket: the text is not UTF-8") from error
    item = decode(json.dumps({"text": text}).encode())
    if isinstance(item, Refusal):
        raise UserError(f"no ticket: {item.message}")
    return item


def decision_table(ticket: TriagedTicket) -> Table:
    """One decision with its reasons, for people."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="dim")
    table.add_column()
    table.add_row("ticket", escape(one_line(ticket.text, 200)))
    table.add_row("queue", f"[bold]{ticket.queue.value}[/]")
    table.add_row("intent", f"{ticket.intent}  ({ticket.confidence:.0%})")
    table.add_row("category", f"{ticket.category}, {ticket.priority.value} priority")
    for finding in ticket.findings:
        source = ticket.subject if finding.field == "subject" else ticket.text
        matched = ""
        if finding.span is not None and source is not None:
            matched = f": “{escape(one_line(source[finding.span.start : finding.span.end], 80))}”"
        table.add_row(finding.severity.value, f"{finding.rule}{matched}")
    table.add_row("model", f"{ticket.model.name} {ticket.model.version}")
    table.add_row("", "")
    return table
