"""Shows how far a training is; decides nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _RowsPerSecond(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0.0:.0f} rows/s")


class FitProgress:
    """A progress bar over all epochs, and one line a step after the fit.

    A context manager. On a terminal the bar moves; elsewhere one line an epoch is written.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _RowsPerSecond(),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=None, start=False, loss=0.0)
        self._loss = 0.0
        self._started = False

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def start_epoch(self, epoch: int, epochs: int, *, rows: int) -> None:
        """Epoch `epoch` of `epochs` begins, each of `rows` rows."""
        if not self._started:
            self._bar.start_task(self._task)
            self._started = True
        self._bar.update(self._task, description=f"epoch {epoch}/{epochs}", total=epochs * rows)
        if self._bar.disable and epoch > 1:
            self.step(f"epoch {epoch - 1}/{epochs} done, loss {self._loss:.3f}")

    def advance(self, *, rows: int, loss: float) -> None:
        """A batch of `rows` rows is fitted; `loss` is its cross entropy in nats.

        The loss shown is a moving average, since one batch says little.
        """
        self._loss = 0.95 * self._loss + 0.05 * loss if self._loss else loss
        self._bar.update(self._task, advance=rows, loss=self._loss)

    def step(self, what: str) -> None:
        """A line about what is done now."""
        self._console.print(what, highlight=False)
