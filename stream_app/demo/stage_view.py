"""Shows the stages of the start: one line each, moving on a terminal; starts nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

NAME_WIDTH = 8
REFRESHES_A_SECOND = 5


class StageView:
    """Stages by name, each with a text that is asked for anew at each refresh.

    A context manager. Where the console is no terminal, a line is printed when `tell` or `begin`
    finds a text that has changed.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._texts: dict[str, Callable[[], str]] = {}
        self._spinners: dict[str, Spinner] = {}
        self._began: dict[str, float] = {}
        self._told: dict[str, str] = {}
        self._live = Live(
            console=console,
            get_renderable=self._render,
            refresh_per_second=REFRESHES_A_SECOND,
            transient=True,
        )

    def begin(self, name: str, text: Callable[[], str]) -> None:
        """The stage `name` is at work, or at something new; `text` says at what."""
        self._spinners.setdefault(name, Spinner("dots"))
        self._began.setdefault(name, time.monotonic())
        self._texts[name] = text
        self.tell()

    def done(self, name: str, text: str) -> None:
        """The stage is over; its line stays."""
        for parts in (self._texts, self._spinners, self._began):
            parts.pop(name, None)
        line = _row()
        line.add_row(Text("✓", "green"), Text(name, "bold"), Text(text))
        self._console.print(line)

    def tell(self) -> None:
        """Without a terminal, print what has changed; a terminal shows it anyway."""
        if self._console.is_interactive:
            return
        for name, text in self._texts.items():
            if (now := text()) != self._told.get(name):
                self._told[name] = now
                self._console.print(f"  {name:<{NAME_WIDTH}} {now}", markup=False, soft_wrap=True)

    def __enter__(self) -> Self:
        if self._console.is_interactive:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live.is_started:
            self._live.stop()

    def _render(self) -> Group:
        rows = []
        # A copy: the live display refreshes in a thread of its own.
        for name, text in list(self._texts.items()):
            row = _row()
            seconds = time.monotonic() - self._began.get(name, time.monotonic())
            row.add_row(
                self._spinners.get(name, ""),
                Text(name, "bold"),
                Text(f"{text()}  ").append(f"{seconds:.0f} s", "dim"),
            )
            rows.append(row)
        return Group(*rows)


def _row() -> Table:
    row = Table.grid(padding=(0, 1))
    row.add_column(width=1)
    row.add_column(width=NAME_WIDTH)
    row.add_column()
    return row
