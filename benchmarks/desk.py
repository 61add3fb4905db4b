"""Measures how well rules, policy and a model sort the desk tickets.

Run `python -m benchmarks.desk --bundle FOLDER` for the reporting half; `--half tuning` lists the
misses, too, which for the reporting half are never shown. Without a bundle only the rules speak:
urgency and toxicity are measured, priority is not. Prints a table and writes it to
benchmarks/results/desk_HALF.json.

Labels come from the guideline in benchmarks/desk_tickets. A ticket counts as urgent when it is
routed so, whichever of rules and model said it.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.desk_agreement import label_agreement
from benchmarks.desk_set import HALVES, DeskQueue, DeskTicket, Toxicity, load_desk_tickets
from benchmarks.machine import circumstances
from schemas import Finding, Guardrail, Priority, Queue, RawTicket, Severity
from stream_app.bundle import read_bundle
from stream_app.guardrails import RuleSet, load_rules
from stream_app.inference import open_classifier
from stream_app.routing import Policy, Routing, load_policy
from stream_app.triage import triage

RESULTS = Path(__file__).parent / "results"
UNNAMED = "learned"
"""Abuse that only a head or a model found: it tells no kind."""

TOXICITY_ORDER: tuple[str, ...] = (
    Toxicity.THREAT,
    Toxicity.IDENTITY_ATTACK,
    Toxicity.DIRECTED_ABUSE,
    UNNAMED,
    Toxicity.SWEARING,
)
"""The worse first; a finding's rule id begins with its kind, swearing with `profanity`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided of a ticket. `priority` is None where no model named an intent."""

    urgent: bool
    toxicity: str
    queue: DeskQueue
    priority: Priority | None
    flags: tuple[str, ...]
    intent: str


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--half", choices=HALVES, default="reporting")
    parser.add_argument("--bundle", type=Path, help="folder of a model bundle")
    arguments = parser.parse_args()
    tickets = load_desk_tickets(arguments.half)
    rules, policy = load_rules(), load_policy()
    answers = (
        with_model(tickets, rules, policy, arguments.bundle)
        if arguments.bundle
        else rules_alone(tickets, rules, policy)
    )
    report = {
        **circumstances(),
        "half": arguments.half,
        "tickets": len(tickets),
        "model": (
            read_bundle(arguments.bundle).reference.model_dump() if arguments.bundle else None
        ),
        "rules_version": rules.version,
        "policy_version": policy.version,
        "label_passes": {
            name: {"differ": each.differ, "kappa": round(each.kappa, 4)}
            for name, each in label_agreement().items()
        },
        **figures(tickets, answers),
    }
    show(report)
    RESULTS.mkdir(exist_ok=True)
    result = RESULTS / f"desk_{arguments.half}.json"
    result.write_text(json.dumps(report, indent=2) + "\n")
    if arguments.half == "tuning":
        show_misses(tickets, answers)


def with_model(
    tickets: Sequence[DeskTicket], rules: RuleSet, policy: Policy, folder: Path
) -> list[Answer]:
    """Decide the tickets as a worker would."""
    classifier = open_classifier(read_bundle(folder))
    raw = [RawTicket(ticket_id=ticket.id, text=ticket.text) for ticket in tickets]
    decisions = triage(raw, classifier, rules, policy)
    classifier.close()
    return [
        Answer(
            urgent=decision.routing.urgent,
            toxicity=worst_toxicity(decision.findings),
            queue=_desk_queue(decision.queue),
            priority=decision.routing.priority,
            flags=_flags(decision.findings),
            intent=decision.prediction.label.intent,
        )
        for decision in decisions
    ]


def rules_alone(tickets: Sequence[DeskTicket], rules: RuleSet, policy: Policy) -> list[Answer]:
    """Decide the tickets by rules and policy, as if the model knew nothing of any."""

    def answer(findings: Sequence[Finding]) -> Answer:
        routing: Routing = policy.route(
            findings, base_priority=Priority.LOW, high_priority_probability=0.0
        )
        return Answer(
            urgent=routing.urgent,
            toxicity=worst_toxicity(findings),
            queue=_desk_queue(routing.queue),
            priority=None,
            flags=_flags(findings),
            intent="",
        )

    return [answer(rules.inspect(ticket.text)) for ticket in tickets]


def worst_toxicity(findings: Iterable[Finding]) -> str:
    """The worst kind among a ticket's findings; a kind that must flag counts only as a flag."""
    kinds = {
        finding.rule.split(".")[0].replace("profanity", Toxicity.SWEARING)
        for finding in findings
        if finding.guardrail is Guardrail.TOXICITY
        and (finding.severity is Severity.FLAG or finding.rule.startswith("profanity."))
    }
    return next((kind for kind in TOXICITY_ORDER if kind in kinds), Toxicity.NONE)


def figures(tickets: Sequence[DeskTicket], answers: Sequence[Answer]) -> dict[str, object]:
    """All figures of one half; shares lie in 0..1."""
    pairs = list(zip(tickets, answers, strict=True))
    both = [answer for ticket, answer in pairs if ticket.labels.urgent and ticket.labels.toxic]
    return {
        "urgent": recall_and_precision(
            (ticket.labels.urgent, answer.urgent) for ticket, answer in pairs
        ),
        "priority": (
            {
                "macro_f1": macro_f1(
                    [ticket.labels.priority for ticket in tickets],
                    [str(answer.priority) for answer in answers],
                    [str(each) for each in Priority],
                ),
                "confusion": confusion(
                    (ticket.labels.priority, str(answer.priority)) for ticket, answer in pairs
                ),
            }
            if answers[0].priority
            else None
        ),
        "sent_to_toxic": recall_and_precision(
            (ticket.labels.queue is DeskQueue.TOXIC, answer.queue is DeskQueue.TOXIC)
            for ticket, answer in pairs
        ),
        "toxicity_confusion": confusion(
            (ticket.labels.toxicity, answer.toxicity) for ticket, answer in pairs
        ),
        "queue_confusion": confusion(
            (ticket.labels.queue, answer.queue) for ticket, answer in pairs
        ),
        "urgent_and_toxic": {
            "tickets": len(both),
            "in_priority": sum(answer.queue is DeskQueue.PRIORITY for answer in both),
        },
        "recall_by_kind": _shares(
            (ticket.kind, answer.urgent) for ticket, answer in pairs if ticket.labels.urgent
        ),
        "recall_by_phenomenon": _shares(
            (ticket.phenomenon, answer.urgent) for ticket, answer in pairs if ticket.labels.urgent
        ),
        "false_alarms_by_phenomenon": _shares(
            (ticket.phenomenon, answer.urgent)
            for ticket, answer in pairs
            if not ticket.labels.urgent
        ),
    }


def recall_and_precision(pairs: Iterable[tuple[bool, bool]]) -> dict[str, float]:
    """Of `(wanted, answered)` pairs; 0 where a share has no cases."""
    counted = Counter(pairs)
    hits, missed, false = counted[True, True], counted[True, False], counted[False, True]
    return {
        "recall": _share(hits, hits + missed),
        "precision": _share(hits, hits + false),
        "hits": hits,
        "missed": missed,
        "false_alarms": false,
    }


def macro_f1(wanted: Sequence[str], answered: Sequence[str], classes: Sequence[str]) -> float:
    """Mean over `classes` of the harmonic mean of recall and precision."""

    def f1(name: str) -> float:
        hits = sum(one == other == name for one, other in zip(wanted, answered, strict=True))
        return _share(2 * hits, list(wanted).count(name) + list(answered).count(name))

    return round(sum(map(f1, classes)) / len(classes), 4)


def confusion(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Counts of `(wanted, answered)`: wanted first, then answered."""
    table: dict[str, dict[str, int]] = {}
    for (wanted, answered), count in sorted(Counter(pairs).items()):
        table.setdefault(str(wanted), {})[str(answered)] = count
    return table


def show(report: Mapping[str, object]) -> None:
    """Print the figures, one a row."""
    table = Table("", "", title=f"desk tickets, {report['half']} half", title_justify="left")
    for name, value in report.items():
        if isinstance(value, dict):
            for key, inner in value.items():
                table.add_row(f"{name}: {key}", json.dumps(inner))
        else:
            table.add_row(name, str(value))
    Console().print(table)


def show_misses(tickets: Sequence[DeskTicket], answers: Sequence[Answer]) -> None:
    """Print each ticket that was decided otherwise than labelled, with what spoke for it."""
    checks: dict[str, Callable[[DeskTicket, Answer], bool]] = {
        "urgent": lambda ticket, answer: ticket.labels.urgent != answer.urgent,
        "priority": lambda ticket, answer: (
            answer.priority is not None
            and ticket.labels.urgent == answer.urgent
            and ticket.labels.priority != answer.priority
        ),
        "toxicity": lambda ticket, answer: (
            not ticket.labels.toxic
            if answer.toxicity == UNNAMED
            else ticket.labels.toxicity != answer.toxicity
        ),
    }
    for name, missed in checks.items():
        print(f"\n{name}")
        for ticket, answer in zip(tickets, answers, strict=True):
            if missed(ticket, answer):
                text = ticket.text.replace("\n", " ")
                wanted = f"{ticket.labels.priority}/{ticket.labels.toxicity} {ticket.kind}"
                got = f"{answer.priority}/{answer.toxicity} {answer.intent}"
                print(f"- {ticket.id} {wanted} <- {got} {' '.join(answer.flags)}\n    {text}")


def _desk_queue(queue: Queue) -> DeskQueue:
    return {Queue.PRIORITY: DeskQueue.PRIORITY, Queue.TOXIC: DeskQueue.TOXIC}.get(
        queue, DeskQueue.OTHER
    )


def _flags(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple({each.rule: None for each in findings if each.severity is Severity.FLAG})


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 0.0


def _shares(pairs: Iterable[tuple[str, bool]]) -> dict[str, str]:
    counted: dict[str, list[bool]] = {}
    for name, held in pairs:
        counted.setdefault(name, []).append(held)
    return {name: f"{sum(held)} of {len(held)}" for name, held in sorted(counted.items())}


if __name__ == "__main__":
    main()
