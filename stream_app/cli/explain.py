"""`tickets guardrails explain`: each finding where it stands in the text, and why the queue."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from schemas import Finding, Queue, Severity
from stream_app.cli.classify import ticket_of
from stream_app.cli.output import out
from stream_app.terminal_text import visible

if TYPE_CHECKING:
    from stream_app.routing import Policy
    from stream_app.triage import Decision

STYLES = {Severity.FLAG: "bold white on red", Severity.NOTE: "black on yellow"}


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the customer wrote.")],
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--bundle", help="Model; else the newest here, not the registry's.", metavar="DIR"
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
    ] = None,
) -> None:
    """Show every finding in a ticket and why it would go where it would go."""
    from stream_app.local_triage import open_local_triage
    from stream_app.settings import load_settings

    overrides = {"inference": {"bundle": bundle}} if bundle else {}
    with open_local_triage(load_settings(config, **overrides)) as triage:
        ticket = ticket_of(text)
        (decision,) = triage.decide([ticket])
        out.print(explanation(ticket.text, decision, triage.policy))


def explanation(text: str, decision: Decision, policy: Policy) -> Group:
    """The text with its findings marked, the findings, and the way through the policy."""
    label = decision.prediction.label
    facts = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    facts.add_row("text", marked(text, decision.findings))
    for finding in decision.findings:
        where = f" “{_matched(text, finding)}”" if finding.span else ""
        facts.add_row(
            finding.severity.value,
            Text(finding.rule, STYLES[finding.severity]).append(where, "default"),
        )
    if not decision.findings:
        facts.add_row("findings", "none")
    facts.add_row(
        "intent",
        ", ".join(f"{each.intent} {score:.0%}" for each, score in decision.prediction.top),
    )
    facts.add_row("category", f"{label.category}; the intent alone is of {label.priority} priority")
    for route in policy.routes:
        facts.add_row(*_step(route.queue, route.when & decision.routing.held, decision.queue))
    facts.add_row("priority", decision.routing.priority.value)
    if decision.review_reasons:
        facts.add_row("for review", ", ".join(decision.review_reasons))
    facts.add_row("asked", _asked(decision))
    return Group(facts)


def marked(text: str, findings: Sequence[Finding]) -> Text:
    """`text` safe for a terminal, with the spans of `findings` marked; flags over notes."""
    shown = Text()
    styles = [""] * len(text)
    for finding in sorted(findings, key=lambda finding: finding.severity is Severity.FLAG):
        if finding.span:
            for index in range(finding.span.start, finding.span.end):
                styles[index] = STYLES[finding.severity]
    for character, style in zip(text, styles, strict=True):
        shown.append(visible(character), style or None)
    return shown


def _asked(decision: Decision) -> str:
    """What a language model said, or whether it would have been asked."""
    verdict = decision.llm
    if verdict is None:
        if not decision.routing.unsure:
            return "nobody: a language model is asked in doubt only, and never of urgent tickets"
        return "nobody: a language model would be, if one were configured"
    answers = {
        "urgency": verdict.urgency,
        "toxicity": verdict.toxicity,
        "intent": verdict.label,
    }
    said = ", ".join(f"{name} {answer}" for name, answer in answers.items() if answer)
    return f"{verdict.model}: {said or f'no answer ({verdict.outcome})'}"


def _matched(text: str, finding: Finding) -> str:
    return visible(text[finding.span.start : finding.span.end]) if finding.span else ""


def _step(queue: Queue, held: frozenset[str], taken: Queue) -> tuple[Text, Text]:
    style = "bold" if queue is taken else "dim"
    reason = f"since {' and '.join(sorted(held))}" if held else "no"
    return Text(f"{queue.value}?", "dim"), Text(reason, style)
