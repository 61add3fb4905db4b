"""`explain` marks what was found where it stands, and says why the ticket goes where it goes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from schemas import Finding, Guardrail, RawTicket, Severity, Span
from stream_app.bundle import read_bundle
from stream_app.cli.explain import STYLES, explanation, marked
from stream_app.guardrails import load_rules
from stream_app.inference import open_classifier
from stream_app.local_triage import LocalTriage
from stream_app.routing import load_policy
from tests.unit.tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def triage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalTriage]:
    folder: Path = write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "tiny")
    model = open_classifier(read_bundle(folder), lanes=1)
    yield LocalTriage(model, load_rules(), load_policy(), None)
    model.close()


def shown(triage: LocalTriage, text: str) -> str:
    (decision,) = triage.decide([RawTicket(text=text)])
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(explanation(text, decision, triage.policy))
    return " ".join(console.export_text().split())


def test_it_names_rule_match_and_route(triage: LocalTriage) -> None:
    page = shown(triage, f"you are a worthless idiot {'password ' * 40}")
    assert "directed_abuse.insult" in page
    assert "worthless idiot" in page
    assert "toxic? since toxicity_flagged" in page
    assert "priority? no" in page


def test_an_urgent_and_abusive_ticket_shows_both_and_goes_to_priority(triage: LocalTriage) -> None:
    page = shown(triage, "my card was stolen you worthless idiots")
    assert "money_at_risk" in page
    assert "directed_abuse" in page
    assert "priority? since" in page


def test_a_doubtful_ticket_says_what_a_person_should_decide(triage: LocalTriage) -> None:
    page = shown(triage, "password delivery")
    assert "for review low_confidence" in page
    assert "a language model would be, if one were configured" in page


def finding(severity: Severity, start: int, end: int) -> Finding:
    return Finding(
        guardrail=Guardrail.TOXICITY,
        rule="any.rule",
        severity=severity,
        span=Span(start=start, end=end),
    )


def test_a_flag_shows_over_a_note_on_the_same_words() -> None:
    text = marked("ab", [finding(Severity.FLAG, 1, 2), finding(Severity.NOTE, 0, 2)])
    assert [str(span.style) for span in text.spans] == [
        STYLES[Severity.NOTE],
        STYLES[Severity.FLAG],
    ]


def test_an_escape_sequence_in_a_text_does_not_reach_the_terminal() -> None:
    assert marked("a\x1b[2Jb", []).plain == "a\\x1b[2Jb"
