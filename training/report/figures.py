"""Draws findings as matplotlib figures; computes none of them and writes no file.

Each function draws with the settings of `style` in force, which whoever calls it sees to. The
object-oriented interface, not pyplot: no global state, no display.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from stream_app.bundle import Label
from training.evidence import Evidence
from training.history import EpochRecord
from training.metrics import (
    CALIBRATION_BINS,
    accuracy_at_coverage,
    expected_calibration_error,
    reliability_bins,
    risk_coverage,
)
from training.report.findings import CategoryRoc, Confusion, Slice
from training.report.palette import Palette

COVERAGE = 0.9
"""The share of tickets that goes without review in the headline figure."""

SHORTEST_PREFIX = 20
"""A risk-coverage curve says nothing of fewer rows than this: it starts behind them."""

WIDTH, HEIGHT = 5.6, 4.0
"""Inches of one figure; two fit side by side on a page."""


def confusion_matrix(
    pairs: Sequence[Confusion],
    labels: Sequence[Label],
    targets: npt.NDArray[np.intp],
    answers: npt.NDArray[np.intp],
    palette: Palette,
) -> Figure:
    """Only the intents of the worst `pairs`: rows are what tickets are, columns what was said.

    A cell's number counts tickets. A mistake is shaded by its share of the row's intent, beside
    the worst share.
    """
    shown = sorted({label for pair in pairs for label in (pair.target, pair.answer)})
    side = 2.6 + 0.36 * len(shown)
    figure, axes = _canvas(width=side + 1.2, height=side)
    worst = max(len(pair.rows) / pair.of for pair in pairs)
    names = [labels[label].intent for label in shown]
    for down, target in enumerate(shown):
        of = max(1, int((targets == target).sum()))
        for across, answer in enumerate(shown):
            count = int(((targets == target) & (answers == answer)).sum())
            if count:
                right = down == across
                shade = 0.15 + (0.4 * count / of if right else 0.6 * count / of / worst)
                _cell(axes, across, down, count, shade, palette.muted if right else palette.warn)
    axes.set_xlim(-0.5, len(shown) - 0.5)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xticks(range(len(shown)), names, rotation=55, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(shown)), names)
    axes.set_xlabel("answered")
    axes.set_ylabel("the ticket is")
    axes.grid(visible=False)
    return figure


def reliability_diagram(evidence: Evidence, palette: Palette) -> Figure:
    """Accuracy against confidence in `CALIBRATION_BINS` bins, with the rows of each below."""
    bins = reliability_bins(evidence.confidence, evidence.correct)
    error = expected_calibration_error(evidence.confidence, evidence.correct)
    figure, axes = _canvas()
    axes.plot([0, 1], [0, 1], color=palette.muted, linestyle="--", linewidth=1)
    axes.bar(
        [(one.low + one.high) / 2 for one in bins],
        [one.accuracy for one in bins],
        width=0.9 / CALIBRATION_BINS,
        color=palette.accent,
        alpha=0.35,
    )
    sizes = [20 + 180 * one.rows / len(evidence.targets) for one in bins]
    axes.scatter(
        [one.confidence for one in bins],
        [one.accuracy for one in bins],
        s=sizes,
        color=palette.accent,
        zorder=3,
    )
    axes.text(0.03, 0.93, f"calibration error {error:.3f}", transform=axes.transAxes)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    _percent(axes.xaxis, axes.yaxis)
    axes.set_xlabel("confidence (dot: mean of its bin, larger for more tickets)")
    axes.set_ylabel("answers that are right")
    return figure


def risk_coverage_curve(evidence: Evidence, review_below: float, palette: Palette) -> Figure:
    """Accuracy of what is answered against its share, surest tickets first."""
    coverage, accuracy = risk_coverage(evidence.confidence, evidence.correct)
    at = accuracy_at_coverage(evidence.confidence, evidence.correct, COVERAGE)
    start = min(SHORTEST_PREFIX, len(coverage)) - 1
    figure, axes = _canvas()
    axes.plot(coverage[start:], accuracy[start:], color=palette.accent)
    axes.scatter([COVERAGE], [at], color=palette.accent, zorder=3)
    _note(axes, f"{at:.1%} at {COVERAGE:.0%}", (COVERAGE, at), (-8, -14), palette.ink)
    accepted = evidence.confidence >= review_below
    if accepted.any():
        point = (float(accepted.mean()), float(evidence.correct[accepted].mean()))
        axes.scatter(*point, color=palette.warn, marker="D", zorder=3)
        _note(axes, f"review below {review_below:.2f}", point, (-8, -28), palette.warn)
    axes.set_xlim(0, 1.01)
    axes.margins(y=0.15)
    _percent(axes.xaxis, axes.yaxis)
    axes.set_xlabel("tickets answered without review, surest first")
    axes.set_ylabel("of these, right")
    return figure


def roc_curves(curves: Sequence[CategoryRoc], negatives: int, palette: Palette) -> Figure:
    """One curve a category on a logarithmic axis, since all the difference lies at its left end.

    `negatives` sets where the axis starts: below one false alarm there is nothing to see.
    """
    figure, axes = _canvas()
    lowest = 0.5 / max(1, negatives)
    for curve, colour in zip(curves, cycle(palette.series), strict=False):
        axes.step(
            np.maximum(curve.false_positive_rate, lowest),
            curve.true_positive_rate,
            where="post",
            color=colour,
            label=f"{curve.category} ({curve.area:.4f})",
        )
    axes.set_xscale("log")
    axes.set_xlim(lowest, 1)
    axes.margins(y=0.05)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}%"))
    _percent(axes.yaxis)
    axes.set_xlabel("other tickets taken for it (logarithmic)")
    axes.set_ylabel("its tickets found")
    axes.legend(loc="lower right", title="category (area under the curve)")
    return figure


def learning_curves(history: Sequence[EpochRecord], palette: Palette) -> Figure:
    """Loss of the fit and of the held-out rows above, held-out accuracy below."""
    epochs = [record.epoch for record in history]
    fitted = [(record.epoch, record.loss) for record in history if record.loss is not None]
    figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    above.plot(*zip(*fitted, strict=True), color=palette.muted, marker="o", label="fitted")
    held_out = [record.held_out_loss for record in history]
    above.plot(epochs, held_out, color=palette.accent, marker="o", label="held out")
    above.set_ylabel("loss, nats")
    above.legend()
    below.plot(
        epochs,
        [record.held_out_accuracy for record in history],
        color=palette.accent,
        marker="o",
    )
    _percent(below.yaxis)
    below.set_ylabel("held-out accuracy")
    below.set_xlabel("epoch (0: before the fit of all weights; behind several fits, their mean)")
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def slice_accuracies(found: Sequence[Slice], overall: float, palette: Palette) -> Figure:
    """A dot a slice with its 95% interval, beside the accuracy of all rows."""
    figure, axes = _canvas(width=1.6 * WIDTH, height=1.0 + 0.3 * len(found))
    axes.axvline(overall, color=palette.muted, linestyle="--", linewidth=1)
    for down, one in enumerate(found):
        # Where even the likeliest true accuracy is below that of all rows, it is no chance.
        colour = palette.warn if one.high < overall else palette.accent
        axes.plot([one.low, one.high], [down, down], color=colour, linewidth=2)
        axes.plot(one.accuracy, down, marker="o", color=colour)
    axes.set_yticks(
        range(len(found)), [f"{one.dimension}: {one.name} ({one.rows:,})" for one in found]
    )
    axes.invert_yaxis()
    _percent(axes.xaxis)
    axes.set_xlabel("accuracy with its 95% interval; dashed: all tickets")
    return figure


@contextmanager
def style(palette: Palette) -> Iterator[None]:
    """matplotlib's settings, for drawing a figure as well as for saving it."""
    paper = palette.paper or "none"
    with mpl.rc_context(
        {
            "svg.fonttype": "none",
            "font.size": 10,
            "text.color": palette.ink,
            "axes.labelcolor": palette.ink,
            "axes.edgecolor": palette.grid,
            "axes.facecolor": "none",
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.color": palette.grid,
            "grid.linewidth": 0.8,
            "xtick.color": palette.muted,
            "ytick.color": palette.muted,
            "xtick.labelcolor": palette.ink,
            "ytick.labelcolor": palette.ink,
            "legend.frameon": False,
            "legend.labelcolor": palette.ink,
            "figure.facecolor": paper,
            "savefig.facecolor": paper,
            # A dollar sign in a label is no formula.
            "text.parse_math": False,
            # Without a salt the ids in an SVG differ from one run to the next.
            "svg.hashsalt": "report",
        }
    ):
        yield


def _canvas(*, width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _cell(axes: Axes, across: int, down: int, count: int, shade: float, colour: str) -> None:
    # Never opaque: the number is printed over it in the colour of the page's text.
    place = (across - 0.5, down - 0.5)
    axes.add_patch(Rectangle(place, 1, 1, facecolor=colour, alpha=min(shade, 0.75), linewidth=0))
    axes.text(across, down, f"{count}", ha="center", va="center")


def _note(
    axes: Axes, text: str, point: tuple[float, float], offset: tuple[float, float], colour: str
) -> None:
    axes.annotate(
        text,
        point,
        xytext=offset,
        textcoords="offset points",
        ha="right",
        color=colour,
    )


def _percent(*axis_list: Axis) -> None:
    for axis in axis_list:
        axis.set_major_formatter(PercentFormatter(1.0))
