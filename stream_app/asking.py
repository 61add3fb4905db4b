"""What a language model is asked about a decided ticket, if anything; asks nobody."""

from __future__ import annotations

from schemas import RawTicket
from stream_app.llm import Question
from stream_app.routing import Policy
from stream_app.triage import Decision, model_text


def question_about(ticket: RawTicket, decision: Decision, policy: Policy) -> Question | None:
    """The question that the policy wants asked; None where it has no doubt."""
    if not decision.routing.unsure:
        return None
    return Question(
        text=model_text(ticket),
        intent=decision.prediction.label.intent,
        policy_version=policy.version,
    )
