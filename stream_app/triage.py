"""The pure core: tickets in, decisions out, the same through every door; no Kafka, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas import (
    Finding,
    Guardrail,
    LlmOutcome,
    LlmVerdict,
    Priority,
    Queue,
    RawTicket,
    ReviewReason,
    Span,
    TextField,
)
from stream_app.guardrails import (
    RuleSet,
    ToxicityModel,
    learned_abuse,
    learned_toxicity,
    learned_urgency,
    second_opinion,
    validate,
)
from stream_app.guardrails.validation import (
    CONTRADICTION,
    DISAGREEMENT,
    LOW_CONFIDENCE,
    OUT_OF_SCOPE,
)
from stream_app.inference import Classifier, Prediction
from stream_app.routing import Policy, Routing

_REASONS = {
    LOW_CONFIDENCE: ReviewReason.LOW_CONFIDENCE,
    OUT_OF_SCOPE: ReviewReason.OUT_OF_SCOPE,
    CONTRADICTION: ReviewReason.CONTRADICTION,
    DISAGREEMENT: ReviewReason.DISAGREEMENT,
}
TROUBLE_AT_LEAST = 0.4
"""From this probability on, something is taken to be wrong for the customer. Under one half, since
a customer who waits for help is worse off than one who gets it early. Chosen on the desk tickets'
tuning half."""

_ANSWERED = frozenset({LlmOutcome.ANSWERED, LlmOutcome.CACHED})
_ORDER = tuple(Guardrail)
_REASON_ORDER = tuple(ReviewReason)
"""To go through the enumeration itself takes 17 microseconds each time."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided of one ticket, and every reason for it.

    `llm` is None where no language model was asked. `audit` marks a ticket drawn at random.
    """

    routing: Routing
    prediction: Prediction
    findings: tuple[Finding, ...]
    llm: LlmVerdict | None = None
    audit: bool = False

    @property
    def queue(self) -> Queue:
        """Where the ticket goes. A drawn one is checked by a person, but waits for none."""
        if self.audit and self.routing.queue is Queue.STANDARD:
            return Queue.REVIEW
        return self.routing.queue

    @property
    def degraded(self) -> bool:
        """Whether the language model was asked in vain."""
        return self.llm is not None and self.llm.outcome not in _ANSWERED

    @property
    def review_reasons(self) -> tuple[ReviewReason, ...]:
        """What a person who sees the ticket should decide, in the order of `ReviewReason`."""
        reasons = {_REASONS[found.rule] for found in self.findings if found.rule in _REASONS}
        if self.degraded:
            reasons.add(ReviewReason.DEGRADED)
        if self.audit:
            reasons.add(ReviewReason.AUDIT)
        return tuple(reason for reason in _REASON_ORDER if reason in reasons)


def triage(
    tickets: Sequence[RawTicket],
    model: Classifier,
    rules: RuleSet,
    policy: Policy,
    toxicity: ToxicityModel | None = None,
) -> list[Decision]:
    """Decide each ticket; one decision a ticket, in order. Without `toxicity`, abuse is found
    by the rules and the head of `model` alone.

    Blocks for the inference, so call it off the event loop. Raises only where the model fails:
    no content of a ticket makes it raise.
    """
    texts = [model_text(ticket) for ticket in tickets]
    predictions = model.classify(texts)
    own_model = toxicity.probabilities(texts) if toxicity else [0.0] * len(texts)
    return [
        _decide(ticket, prediction, probability, model, rules, policy)
        for ticket, prediction, probability in zip(tickets, predictions, own_model, strict=True)
    ]


def settle(decision: Decision, verdict: LlmVerdict, policy: Policy) -> Decision:
    """The decision with a language model's verdict on it.

    Findings are only added, so what was urgent stays urgent and what was toxic stays toxic.
    """
    added = second_opinion(verdict, toxic=decision.routing.toxic)
    if not added:
        return replace(decision, llm=verdict)
    findings = decision.findings + added
    return replace(
        decision,
        routing=_route(decision.prediction, findings, policy),
        findings=_in_order(findings),
        llm=verdict,
    )


def model_text(ticket: RawTicket) -> str:
    """What the model reads of a ticket."""
    return f"{ticket.subject}\n{ticket.text}" if ticket.subject else ticket.text


def _decide(
    ticket: RawTicket,
    prediction: Prediction,
    toxicity: float,
    model: Classifier,
    rules: RuleSet,
    policy: Policy,
) -> Decision:
    findings = _rule_findings(ticket, rules)
    findings += learned_urgency(prediction.urgency or 0.0, findings, rules.learned)
    findings += learned_abuse(prediction.abuse or 0.0, model_text(ticket), findings, rules)
    findings += learned_toxicity(toxicity, findings, rules.learned)
    findings += validate(
        confidence=prediction.confidence,
        scope_score=prediction.scope_score,
        calibration=model.calibration,
    )
    return Decision(_route(prediction, findings, policy), prediction, _in_order(findings))


def _rule_findings(ticket: RawTicket, rules: RuleSet) -> tuple[Finding, ...]:
    """What the rules find in subject and text, read as one: what softens or withholds an urgency
    must have seen all that the customer wrote. A span that reaches from the one into the other
    ends with the subject.
    """
    findings = rules.inspect(model_text(ticket))
    if not ticket.subject:
        return findings
    return tuple(_in_its_field(finding, len(ticket.subject)) for finding in findings)


def _in_its_field(finding: Finding, subject: int) -> Finding:
    span = finding.span
    if span is None:
        return finding
    if span.start < subject:
        own = Span(start=span.start, end=min(span.end, subject))
        return finding.model_copy(update={"field": TextField.SUBJECT, "span": own})
    # One character, the line end, lies between the two.
    start = max(0, span.start - subject - 1)
    return finding.model_copy(update={"span": Span(start=start, end=span.end - subject - 1)})


def _route(prediction: Prediction, findings: Sequence[Finding], policy: Policy) -> Routing:
    return policy.route(
        findings,
        base_priority=_base_priority(prediction, findings),
        high_priority_probability=sum(
            probability for label, probability in prediction.top if label.priority is Priority.HIGH
        ),
        urgency_told=prediction.urgency is not None,
    )


def _base_priority(prediction: Prediction, findings: Sequence[Finding]) -> Priority:
    """The intent's; where the intent is not known, what the head for trouble says."""
    known = not any(finding.rule in (LOW_CONFIDENCE, OUT_OF_SCOPE) for finding in findings)
    if known or prediction.trouble is None:
        return prediction.label.priority
    return Priority.MEDIUM if prediction.trouble >= TROUBLE_AT_LEAST else Priority.LOW


def _in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: _ORDER.index(finding.guardrail)))
