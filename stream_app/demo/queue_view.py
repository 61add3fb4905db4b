"""Shows the queues filling and the latest decisions; counts only what it is told.

The customer's text appears on a terminal alone: what goes to a file or a pipe may be kept.
"""

from __future__ import annotations

import time
from collections import Counter, deque

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from schemas import Queue
from stream_app.demo.outcome import Outcome
from stream_app.replay.score import DEAD_LETTER_QUEUE
from stream_app.terminal_text import one_line

STYLES = {
    Queue.PRIORITY.value: "bold red",
    Queue.TOXIC.value: "magenta",
    Queue.REVIEW.value: "yellow",
    Queue.STANDARD.value: "green",
    DEAD_LETTER_QUEUE: "bright_black",
}
QUEUE_WIDTH = 9
WIDE = 130
"""From so many columns on, a decision and its text stand on one line."""
INTENT_WIDTH = 34
CONFIDENCE_WIDTH = 5
REASON_WIDTH = 40
TEXT_WIDTH = 60
LINES_AROUND_DECISIONS = 11
MOST_DECISIONS = 40


class QueueView:
    """What is on the screen while the records flow; a rich renderable."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._sent = 0
        self._counts: Counter[str] = Counter()
        self._latest: deque[Outcome] = deque(maxlen=MOST_DECISIONS)
        self._news = ""
        self._started = time.monotonic()

    def note_sent(self) -> None:
        """One more record is on its way."""
        self._sent += 1

    def note_outcome(self, outcome: Outcome) -> None:
        """One more record has reached its queue."""
        self._counts[outcome.queue] += 1
        self._latest.appendleft(outcome)

    def note_news(self, line: str) -> None:
        """What happens to the model; replaces the line before."""
        self._news = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        yield from self._bars(width)
        yield self._figures()
        if self._news:
            news = Text(f"model: {self._news}", "cyan")
            news.truncate(width, overflow="ellipsis")
            yield news
        yield Text("─" * width, "dim")
        # A live display that is taller than the terminal cannot be drawn over itself.
        rows = max(2, console.height - LINES_AROUND_DECISIONS)
        wide = width >= WIDE
        for outcome in list(self._latest)[: rows if wide else rows // 2]:
            for line in _wide_lines(outcome) if wide else _narrow_lines(outcome):
                line.truncate(width, overflow="ellipsis")
                yield line

    def _bars(self, width: int) -> list[Text]:
        room = width - QUEUE_WIDTH - 8
        most = max(self._counts.values(), default=0)
        scale = max(most, room)
        return [
            Text.assemble(
                (f"{queue:<{QUEUE_WIDTH}}", style),
                f"{self._counts[queue]:>5}  ",
                ("█" * round(self._counts[queue] * room / scale), style),
            )
            for queue, style in STYLES.items()
        ]

    def _figures(self) -> Text:
        decided = sum(self._counts.values())
        seconds = time.monotonic() - self._started
        rate = decided / seconds if seconds > 1 else 0.0
        return Text(
            f"\n{self._sent} of {self._total} sent, {decided} decided, "
            f"{rate:.1f} a second, {seconds:.0f} s",
            "bold",
        )


def plain_line(outcome: Outcome) -> str:
    """A decision without any text of the customer's."""
    if outcome.ticket is None:
        return f"{outcome.queue:<{QUEUE_WIDTH}} {outcome.reason}"
    ticket = outcome.ticket
    return (
        f"{outcome.queue:<{QUEUE_WIDTH}} {ticket.ticket_id}  "
        f"{ticket.intent} {ticket.confidence:.0%}  {outcome.reason}"
    )


def shown_text(outcome: Outcome) -> str:
    """What the record says, in one short line that is safe on a terminal."""
    if outcome.ticket is not None:
        return one_line(outcome.ticket.text, TEXT_WIDTH)
    value = outcome.letter.record.value if outcome.letter else None
    if value is None:
        return "(no value)"
    start = one_line(value[: 4 * TEXT_WIDTH].decode(errors="backslashreplace"), TEXT_WIDTH)
    return start if len(value) < 10_000 else f"{start} ({len(value):,} bytes)"


def _wide_lines(outcome: Outcome) -> list[Text]:
    ticket = outcome.ticket
    intent = f"{_cut(ticket.intent, INTENT_WIDTH)} {ticket.confidence:.0%}" if ticket else "-"
    return [
        Text.assemble(
            (f"{outcome.queue:<{QUEUE_WIDTH}} ", STYLES[outcome.queue]),
            (f"{intent:<{INTENT_WIDTH + CONFIDENCE_WIDTH}}  ", "cyan"),
            f"{_cut(outcome.reason, REASON_WIDTH):<{REASON_WIDTH}}  ",
            (shown_text(outcome), "dim"),
        )
    ]


def _narrow_lines(outcome: Outcome) -> list[Text]:
    ticket = outcome.ticket
    intent = f"{ticket.intent} {ticket.confidence:.0%}  " if ticket else ""
    return [
        Text.assemble(
            (f"{outcome.queue:<{QUEUE_WIDTH}} ", STYLES[outcome.queue]),
            (intent, "cyan"),
            outcome.reason,
        ),
        Text.assemble(" " * (QUEUE_WIDTH + 1), (shown_text(outcome), "dim")),
    ]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
