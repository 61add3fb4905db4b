"""Shows how far a training is and keeps what its epochs gave; decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
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
from torch import nn

from training.history import EpochRecord, measure


class _RowsPerSecond(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0.0:.0f} rows/s")


class FitProgress:
    """A progress bar over all epochs, and one line a step after the fit.

    A context manager. On a terminal the bar moves; elsewhere one line an epoch is written.
    `history` holds a record an epoch, once `measure_on` has named the rows to measure on;
    `on_epoch` hears of each epoch as it ends, and may end the fit by raising.
    """

    def __init__(
        self, console: Console, *, on_epoch: Callable[[EpochRecord], None] | None = None
    ) -> None:
        self.history: list[EpochRecord] = []
        self._console = console
        self._on_epoch = on_epoch
        self._held_out: tuple[Sequence[Sequence[int]], npt.NDArray[np.intp]] | None = None
        self._epoch_began = time.monotonic()
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

    def measure_on(self, rows: Sequence[Sequence[int]], targets: npt.NDArray[np.intp]) -> None:
        """Token ids and label indices that the fit does not see; they change nothing of it."""
        self._held_out = rows, targets

    def start_epoch(self, epoch: int, epochs: int, *, rows: int) -> None:
        """Epoch `epoch` of `epochs` begins, each of `rows` rows."""
        self._epoch_began = time.monotonic()
        if not self._started:
            self._bar.start_task(self._task)
            self._started = True
        self._bar.update(self._task, description=f"epoch {epoch}/{epochs}", total=epochs * rows)

    def end_epoch(self, epoch: int, network: nn.Module, *, loss: float | None = None) -> None:
        """Epoch `epoch` is over and gave `network`; 0 is what the fit of all weights starts from.

        `loss` is the mean of the epoch's rows, in nats.
        """
        seconds = time.monotonic() - self._epoch_began
        if self._held_out is None:
            return
        held_out_loss, held_out_accuracy = measure(network, *self._held_out)
        record = EpochRecord(epoch, loss, held_out_loss, held_out_accuracy, seconds)
        self.history.append(record)
        if self._bar.disable:
            self.step(f"{record}")
        if self._on_epoch:
            self._on_epoch(record)

    def end_fits(self, epoch: int, network: nn.Module) -> None:
        """The last of several fits ended with `epoch`, and their mean is `network`."""
        self._epoch_began = time.monotonic()
        self.end_epoch(epoch + 1, network)

    def advance(self, *, rows: int, loss: float) -> None:
        """A batch of `rows` rows is fitted; `loss` is its mean loss in nats.

        The loss shown is a moving average, since one batch says little.
        """
        self._loss = 0.95 * self._loss + 0.05 * loss if self._loss else loss
        self._bar.update(self._task, advance=rows, loss=self._loss)

    def step(self, what: str) -> None:
        """A line about what is done now."""
        self._console.print(what, highlight=False)
