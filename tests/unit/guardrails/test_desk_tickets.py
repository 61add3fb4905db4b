"""The labelled desk tickets are whole, varied, and measured by formulas that are right."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.desk import macro_f1, recall_and_precision
from benchmarks.desk_agreement import agreement
from benchmarks.desk_set import (
    FIRST,
    FOLDER,
    HALVES,
    SECOND,
    SETTLED,
    DeskQueue,
    DeskTicket,
    load_desk_tickets,
    read_rows,
    settled_labels,
)
from schemas import Priority
from stream_app.errors import UserError

TICKETS: list[DeskTicket] = [ticket for half in HALVES for ticket in load_desk_tickets(half)]


def _shingles(text: str) -> set[str]:
    kept = "".join(character for character in text.lower() if character.isalnum())
    return {kept[index : index + 5] for index in range(len(kept) - 4)}


def test_there_are_enough_tickets_and_the_halves_are_alike() -> None:
    assert len(TICKETS) >= 640
    assert len({ticket.id for ticket in TICKETS}) == len(TICKETS)
    sizes = Counter(ticket.half for ticket in TICKETS)
    urgent = Counter(ticket.half for ticket in TICKETS if ticket.labels.urgent)
    assert abs(sizes["tuning"] - sizes["reporting"]) <= 4
    assert 0.35 <= urgent["tuning"] / sizes["tuning"] <= 0.42
    assert 0.35 <= urgent["reporting"] / sizes["reporting"] <= 0.42


def test_no_ticket_is_nearly_another() -> None:
    shingles = [(ticket.id, _shingles(ticket.text)) for ticket in TICKETS if len(ticket.text) > 40]
    for index, (name, one) in enumerate(shingles):
        for other_name, other in shingles[:index]:
            assert len(one & other) < 0.4 * len(one | other), (name, other_name)


def test_exactly_the_urgent_are_of_high_priority_and_go_first() -> None:
    for ticket in TICKETS:
        labels = ticket.labels
        assert labels.urgent == (labels.priority is Priority.HIGH), ticket.id
        assert labels.urgent == (labels.queue is DeskQueue.PRIORITY), ticket.id


def test_each_settled_disagreement_gives_its_reason() -> None:
    assert all(row["reason"].strip() for row in read_rows(FOLDER / SETTLED))


def test_an_open_disagreement_is_refused(tmp_path: Path) -> None:
    header = "id,urgent,kind,priority,toxicity,queue\n"
    (tmp_path / FIRST).write_text(f"{header}d1,yes,deadline,high,none,priority\n")
    (tmp_path / SECOND).write_text(f"{header}d1,no,,medium,none,other\n")
    (tmp_path / SETTLED).write_text("id,urgent,priority,toxicity,reason\n")
    with pytest.raises(UserError, match="1 disagreements are open: d1"):
        settled_labels(tmp_path)


def test_kappa_counts_what_chance_alone_would_give() -> None:
    # Two labellers, 50 cases, 35 alike; by chance 0.5, so kappa is 0.4 (a textbook example).
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    result = agreement(first, second)
    assert result.differ == 15
    assert result.kappa == pytest.approx(0.4)


def test_a_class_that_is_never_found_counts_as_zero_in_the_mean() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "a", "a"], ["a", "b"]) == pytest.approx(0.4)


def test_recall_and_precision_of_a_flag() -> None:
    result = recall_and_precision([(True, True), (True, False), (False, True), (True, True)])
    assert (result["recall"], result["precision"]) == (0.6667, 0.6667)
