"""Counts how far the two label passes over the desk tickets agree; changes no label.

Run `python -m benchmarks.desk_agreement`: agreement, disagreements and Cohen's kappa (Cohen 1960)
of each label, and each ticket on which the passes differ with whether it is settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.desk_set import FIRST, FOLDER, SECOND, SETTLED, Labels, load_pass, read_rows

COLUMNS: dict[str, Callable[[Labels], str]] = {
    "urgent": lambda labels: "yes" if labels.urgent else "no",
    "priority": lambda labels: labels.priority,
    "toxicity": lambda labels: labels.toxicity,
    "queue": lambda labels: labels.queue,
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two passes over one label: how many tickets, how many differ, and kappa (at most 1)."""

    tickets: int
    differ: int
    kappa: float


def agreement(first: Sequence[str], second: Sequence[str]) -> Agreement:
    """Compare two passes, ticket by ticket; kappa is 1 where both give one and the same label."""
    total = len(first)
    differ = sum(one != other for one, other in zip(first, second, strict=True))
    of_first, of_second = Counter(first), Counter(second)
    by_chance = sum(of_first[label] * of_second[label] for label in of_first) / total**2
    observed = 1 - differ / total
    return Agreement(
        total, differ, 1.0 if by_chance == 1 else (observed - by_chance) / (1 - by_chance)
    )


def label_agreement() -> dict[str, Agreement]:
    """The agreement of the two passes in each column."""
    first, second = load_pass(FOLDER / FIRST), load_pass(FOLDER / SECOND)
    return {
        name: agreement(
            [column(first[each]) for each in first], [column(second[each]) for each in first]
        )
        for name, column in COLUMNS.items()
    }


def main() -> None:
    """Print the table and the disagreements."""
    table = Table("label", "tickets", "differ", "kappa", title_justify="left")
    for name, result in label_agreement().items():
        table.add_row(name, str(result.tickets), str(result.differ), f"{result.kappa:.3f}")
    console = Console()
    console.print(table)
    first, second = load_pass(FOLDER / FIRST), load_pass(FOLDER / SECOND)
    settled = load_pass(FOLDER / SETTLED)
    texts = {row["id"]: row["text"] for row in read_rows(FOLDER / "tickets.csv")}
    for name in sorted(first):
        if first[name] != second[name]:
            state = "settled" if name in settled else "open"
            views = ", ".join(
                f"{label} {column(first[name])}/{column(second[name])}"
                for label, column in COLUMNS.items()
                if column(first[name]) != column(second[name])
            )
            console.print(f"{name} ({state}) {views}: {texts[name]}", markup=False)


if __name__ == "__main__":
    main()
