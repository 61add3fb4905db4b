"""What a language model's verdict adds to a ticket's findings; pure, and it takes nothing away."""

from __future__ import annotations

from schemas import (
    Finding,
    Guardrail,
    LabelAnswer,
    LlmVerdict,
    Severity,
    ToxicityAnswer,
    UrgencyAnswer,
)
from stream_app.guardrails.validation import CONTRADICTION, DISAGREEMENT

RAISED_URGENCY = "llm.urgent"

ABUSE = frozenset(
    {ToxicityAnswer.DIRECTED_ABUSE, ToxicityAnswer.THREAT, ToxicityAnswer.IDENTITY_ATTACK}
)


def second_opinion(verdict: LlmVerdict, *, toxic: bool) -> tuple[Finding, ...]:
    """The findings that follow from `verdict` on a ticket that other guardrails call `toxic`.

    Abuse that only the language model sees does not go to the toxic queue: a person decides.
    """
    raised = (
        (Guardrail.URGENCY, RAISED_URGENCY, verdict.urgency is UrgencyAnswer.URGENT),
        (Guardrail.VALIDATION, CONTRADICTION, verdict.label is LabelAnswer.CONTRADICTS),
        (Guardrail.VALIDATION, DISAGREEMENT, verdict.toxicity in ABUSE and not toxic),
    )
    return tuple(
        Finding(guardrail=guardrail, rule=rule, severity=Severity.FLAG)
        for guardrail, rule, holds in raised
        if holds
    )
