"""The last page of the demo: the balance, what became of each kind, and what to try next."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas import Queue
from stream_app.broker import Kind as BrokerKind
from stream_app.demo.arrivals import Kind
from stream_app.demo.ledger import Conservation, Ledger
from stream_app.demo.queue_view import STYLES, shown_text
from stream_app.local_processes.ports import LOOPBACK, free_ports, is_free
from stream_app.replay.score import DEAD_LETTER_QUEUE

USUAL_PORT = 9092
MOST_MISSES = 12
"""Misses listed on the screen; `--json` has all of them."""


def print_closing(console: Console, balance: Conservation, ledger: Ledger) -> None:
    """The balance and the kinds, for people."""
    console.print()
    console.print(_balance_table(balance))
    console.print()
    for holds, line in _statements(balance):
        console.print(Text("✓ ", "green") if holds else Text("✗ ", "bold red"), line, sep="")
    console.print()
    for told in _model_lines(balance):
        console.print(told)
    if balance.changes:
        console.print()
    console.print(_kinds_table(balance))
    console.print()
    for line in _hits(balance):
        console.print(line)
    _print_misses(console, balance, ledger)


def _balance_table(balance: Conservation) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(min_width=13)
    table.add_column(justify="right")
    table.add_row("", Text("sent", "bold"), f"{balance.sent}")
    for sign, (queue, count) in zip("=+++", balance.routed.items(), strict=True):
        table.add_row(sign, Text(queue, STYLES[queue]), f"{count}")
    table.add_row("+", Text("dead-lettered", STYLES[DEAD_LETTER_QUEUE]), f"{balance.dead_lettered}")
    return table


def _statements(balance: Conservation) -> list[tuple[bool, str]]:
    ended = sum(balance.routed.values()) + balance.dead_lettered
    return [
        (
            balance.sent == ended and balance.lost == 0,
            f"{balance.sent} sent and {ended} accounted for: {balance.lost or 'nothing'} lost",
        ),
        (
            balance.duplicates == balance.unexpected == 0,
            f"{balance.duplicates or 'nothing'} twice, "
            f"{balance.unexpected or 'nothing'} that was never sent",
        ),
        (
            balance.dead_letters_intact == balance.dead_lettered,
            f"{balance.dead_letters_intact} of {balance.dead_lettered} dead letters are byte for "
            "byte what was sent: key, value, headers",
        ),
    ]


def _model_lines(balance: Conservation) -> list[Text]:
    """What each model decided and when the next one took over; nothing for a single model."""
    if not balance.changes:
        return []
    lines = []
    for number, use in enumerate(balance.models):
        if number:
            change = balance.changes[number - 1]
            lines.append(
                Text(
                    f"↻ {change.at:%H:%M:%S} UTC: another model took over while tickets flowed, "
                    f"{change.gap_ms} ms after the result before",
                    "cyan",
                )
            )
        lines.append(
            Text(
                f"  {use.model.name} {use.model.version} decided {use.decided}, "
                f"unsure of {use.review} ({use.review / use.decided:.0%})"
            )
        )
    return lines


def _kinds_table(balance: Conservation) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("written as", style="bold")
    table.add_column("sent", justify="right")
    for queue in Queue:
        table.add_column(queue.value, justify="right", header_style=STYLES[queue.value])
    table.add_column("dead", justify="right", header_style=STYLES[DEAD_LETTER_QUEUE])
    for kind, report in balance.by_kind.items():
        counts = [*report.routed.values(), report.dead_lettered]
        table.add_row(kind, str(report.sent), *(str(count) if count else "·" for count in counts))
    return table


def _hits(balance: Conservation) -> list[str]:
    urgent, abusive, unclear = (
        balance.by_kind[kind] for kind in (Kind.URGENT, Kind.ABUSIVE, Kind.UNCLEAR)
    )
    ordinary = balance.by_kind[Kind.ORDINARY]
    return [
        f"urgent:   {urgent.as_meant} of {urgent.sent} in priority",
        f"abusive:  {abusive.as_meant} of {abusive.sent} seen as such: in toxic, or in priority "
        "where taken for urgent too",
        f"unclear:  {unclear.as_meant} of {unclear.sent} in review",
        f"ordinary: {ordinary.routed[Queue.TOXIC]} of {ordinary.sent} taken for abuse, "
        f"{ordinary.routed[Queue.REVIEW]} in review, being unsure or drawn for the audit",
    ]


def _print_misses(console: Console, balance: Conservation, ledger: Ledger) -> None:
    if not balance.misses:
        return
    console.print("\nnot where they were meant to go", style="bold")
    for miss in balance.misses[:MOST_MISSES]:
        outcome = ledger.first_outcome(miss.ticket_id.encode())
        text = shown_text(outcome) if outcome and console.is_terminal else ""
        ended = miss.queue or "lost"
        if miss.kind is Kind.ABUSIVE and miss.queue == Queue.PRIORITY:
            ended += ", abuse not seen"
        line = Text(f"  {miss.kind.value:<8} {miss.ticket_id} → {ended}  ")
        line.append(text, "dim")
        line.truncate(console.width, overflow="ellipsis")
        console.print(line)
    if len(balance.misses) > MOST_MISSES:
        console.print(f"  and {len(balance.misses) - MOST_MISSES} more")


def print_next(console: Console, broker: BrokerKind, bundle: Path | None) -> None:
    """Commands that work as they stand; `bundle` is one that they would not find by themselves."""
    tickets = command()
    model = f" --bundle {bundle}" if bundle else ""
    lines = [
        ("decide a ticket here, without Kafka", f'classify "My bag and card are gone"{model}'),
        ("the same as JSON", f'classify "Why was I charged twice?"{model} --json'),
    ]
    if broker == "external":
        lines += [
            ("run a worker on your Kafka (creates tickets.*)", f"worker{model}"),
            ("in a second terminal", "tail priority"),
            ("in a third", "produce -"),
        ]
    else:
        port = USUAL_PORT if is_free(USUAL_PORT) else free_ports(1)[0]
        kafka = f"KAFKA_BOOTSTRAP_SERVERS={LOOPBACK}:{port} "
        lines += [("keep a Kafka running, in a first terminal", f"broker --port {port}")]
        tickets_on_it = kafka + tickets
        lines += [
            ("in a second terminal", f"{tickets_on_it} worker{model}"),
            ("in a third", f"{tickets_on_it} tail priority"),
            ("in a fourth", f'echo "my card was stolen" | {tickets_on_it} produce -'),
        ]
    console.print("\nwhat to try next", style="bold")
    for what, line in lines:
        whole = line if tickets in line else f"{tickets} {line}"
        console.print(f"  # {what}", style="dim")
        console.print(f"  {whole}", markup=False, soft_wrap=True)


def command() -> str:
    """How this person can type `tickets` in this folder."""
    script = Path(sys.executable).with_name("tickets")
    found = shutil.which("tickets")
    if found and Path(found).resolve() == script.resolve():
        return "tickets"
    if not script.exists():
        return f"{sys.executable} -m stream_app"
    return str(script.relative_to(Path.cwd()) if script.is_relative_to(Path.cwd()) else script)
