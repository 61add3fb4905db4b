"""The pure core: tickets in, decisions out, the same through every door; no Kafka, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import Finding, Priority, Queue, RawTicket, TextField
from stream_app.guardrails import RuleSet, ToxicityModel, learned_findings, validate
from stream_app.inference import Classifier, Prediction
from stream_app.routing import Policy


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of one ticket, and every reason for it."""

    queue: Queue
    priority: Priority
    urgent: bool
    toxic: bool
    needs_review: bool
    prediction: Prediction
    findings: tuple[Finding, ...]


def triage(
    tickets: Sequence[RawTicket],
    model: Classifier,
    rules: RuleSet,
    policy: Policy,
    toxicity: ToxicityModel | None = None,
) -> list[Decision]:
    """Decide each ticket; one decision a ticket, in order. Without `toxicity`, by rules alone.

    Blocks for the inference, so call it off the event loop. Raises only where the model fails:
    no content of a ticket makes it raise.
    """
    texts = [model_text(ticket) for ticket in tickets]
    predictions = model.classify(texts)
    abuse = toxicity.probabilities(texts) if toxicity else [0.0] * len(texts)
    return [
        _decide(ticket, prediction, probability, model, rules, policy)
        for ticket, prediction, probability in zip(tickets, predictions, abuse, strict=True)
    ]


def model_text(ticket: RawTicket) -> str:
    """What the model reads of a ticket."""
    return f"{ticket.subject}\n{ticket.text}" if ticket.subject else ticket.text


def _decide(
    ticket: RawTicket,
    prediction: Prediction,
    abuse: float,
    model: Classifier,
    rules: RuleSet,
    policy: Policy,
) -> Decision:
    findings = rules.inspect(ticket.text)
    if ticket.subject:
        findings += tuple(
            finding.model_copy(update={"field": TextField.SUBJECT})
            for finding in rules.inspect(ticket.subject)
        )
    findings += learned_findings(abuse, findings, rules.learned)
    findings += validate(
        confidence=prediction.confidence,
        scope_score=prediction.scope_score,
        calibration=model.calibration,
    )
    routing = policy.route(
        findings,
        base_priority=prediction.label.priority,
        high_priority_probability=sum(
            probability for label, probability in prediction.top if label.priority is Priority.HIGH
        ),
    )
    return Decision(
        queue=routing.queue,
        priority=routing.priority,
        urgent=routing.urgent,
        toxic=routing.toxic,
        needs_review=routing.needs_review,
        prediction=prediction,
        findings=findings,
    )
