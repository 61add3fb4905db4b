from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from schemas import Guardrail, Queue, Severity
from stream_app.demo.arrivals import arrivals, broken_records
from stream_app.demo.closing_view import print_next
from stream_app.demo.outcome import reason
from stream_app.demo.queue_view import QueueView, plain_line, shown_text
from tests.unit.demo.conftest import dead, decided, flag, routed

FLOOD = "私のカードが盗まれました\x1b[2J\n😶 " * 40


def screen(view: object, width: int, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=False)
    with console.capture() as capture:
        console.print(view)
    return capture.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 48), (40, 12)])
def test_the_live_view_never_outgrows_the_terminal(width: int, height: int) -> None:
    view = QueueView(total=500)
    for number in range(300):
        queue = list(Queue)[number % 4]
        view.note_outcome(routed(decided(queue, key=f"T-{number}", text=FLOOD)))
    for broken in broken_records():
        view.note_outcome(dead(broken))

    lines = screen(view, width, height)

    assert len(lines) <= height
    assert max(cell_len(line) for line in lines) <= width


def test_bars_and_counts_follow_the_outcomes() -> None:
    view = QueueView(total=3)
    view.note_sent()
    for key in ("T-1", "T-2"):
        view.note_outcome(routed(decided(Queue.TOXIC, key=key)))

    lines = screen(view, 80, 24)

    assert lines[1].split() == ["toxic", "2", "██"]
    assert lines[0].split() == ["priority", "0"]
    assert any(line.startswith("1 of 3 sent, 2 decided") for line in lines)


def test_the_shown_text_obeys_no_escape_sequence_and_is_short() -> None:
    shown = shown_text(routed(decided(Queue.REVIEW, text="stop\x1b[2J it\n" + "x" * 9_000)))
    assert shown.startswith("stop\\x1b[2J it xxx")
    assert len(shown) == 60


def test_a_dead_letter_is_shown_whatever_its_bytes() -> None:
    shown = [shown_text(dead(broken)) for broken in broken_records()]
    assert all(line.isprintable() for line in shown)
    assert any("5,000," in line and line.endswith(" bytes)") for line in shown)


def test_a_plain_line_holds_the_reason_and_none_of_the_text() -> None:
    secret = "my pin is 0420"
    urgent = decided(
        Queue.PRIORITY, flag(Guardrail.URGENCY, "money_at_risk.card_stolen"), text=secret
    )
    line = plain_line(routed(urgent))
    assert "money_at_risk.card_stolen" in line
    assert "lost_or_stolen_card 97%" in line
    assert secret not in line
    broken = next(record for record in arrivals() if record.value and b"Card lost" in record.value)
    assert "Card lost" not in plain_line(dead(broken))


@pytest.mark.parametrize(
    ("queue", "toxic", "rules", "expected"),
    [
        (Queue.PRIORITY, False, [], "high-priority intent"),
        (Queue.PRIORITY, True, ["urgency deadline.dated"], "deadline.dated, abusive too"),
        (Queue.TOXIC, True, ["toxicity threat.violence"], "threat.violence"),
        (Queue.REVIEW, False, ["validation validation.low_confidence"], "low confidence"),
        (Queue.REVIEW, False, ["validation validation.out_of_scope"], "out of scope"),
        (Queue.REVIEW, False, [], "drawn for the audit"),
        (Queue.STANDARD, False, [], "no rule fired, sure enough"),
    ],
)
def test_the_reason_names_what_sent_a_ticket_to_its_queue(
    queue: Queue, toxic: bool, rules: list[str], expected: str
) -> None:
    findings = [flag(Guardrail(rule.split()[0]), rule.split()[1]) for rule in rules]
    findings.append(flag(Guardrail.TOXICITY, "profanity.swearing", Severity.NOTE))
    assert reason(decided(queue, *findings, toxic=toxic)) == expected


def next_lines(broker: str, bundle: Path | None) -> list[str]:
    console = Console(file=io.StringIO(), width=60, force_terminal=False)
    with console.capture() as capture:
        print_next(console, broker, bundle)  # type: ignore[arg-type]
    return [line for line in capture.get().splitlines() if not line.strip().startswith("#")][2:]


def test_each_command_to_try_is_one_line_that_names_the_model_where_it_must() -> None:
    bundle = Path("/somewhere/a-bundle")
    lines = next_lines("java", bundle)
    assert len(lines) == 6
    assert all("tickets" in line or sys.executable in line for line in lines)
    assert sum(f"--bundle {bundle}" in line for line in lines) == 3
    assert not any("--bundle" in line for line in next_lines("java", None))


def test_with_a_kafka_of_their_own_nobody_is_told_to_start_one() -> None:
    assert not any(" broker" in line for line in next_lines("external", None))
