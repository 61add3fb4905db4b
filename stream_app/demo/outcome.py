"""One output record, read as what it says about a ticket; counts nothing."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from schemas import Guardrail, Queue, Severity, TriagedTicket
from stream_app.dead_letters import read_letter
from stream_app.dead_letters.letter import Letter
from stream_app.messages import Record
from stream_app.replay.score import DEAD_LETTER_QUEUE
from stream_app.settings import TopicSettings
from stream_app.topics import queue_topic

CALM = "no rule fired, sure enough"
HIGH_PRIORITY_INTENT = "high-priority intent"
AUDITED = "drawn for the audit"

_CAUSES = {
    Queue.PRIORITY: Guardrail.URGENCY,
    Queue.TOXIC: Guardrail.TOXICITY,
    Queue.REVIEW: Guardrail.VALIDATION,
}
_WITHOUT_A_RULE = {Queue.PRIORITY: HIGH_PRIORITY_INTENT, Queue.REVIEW: AUDITED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a record ended: a queue with the decided ticket, or the dead-letter queue.

    `ticket` and `letter` are both None where the record follows neither contract. `at_ms` is when
    it was written there, in milliseconds since 1970.
    """

    queue: str
    at_ms: int
    key: bytes | None
    ticket: TriagedTicket | None
    letter: Letter | None

    @property
    def reason(self) -> str:
        """Why it ended there, in a few words without a word of the customer's."""
        if self.letter is not None:
            return f"{self.letter.error.code.value}: {self.letter.error.message}"
        return reason(self.ticket) if self.ticket is not None else "unreadable"


def read_outcome(record: Record, topics: TopicSettings) -> Outcome:
    """Read a record of one of the five output topics."""
    if record.topic == topics.dlq:
        return Outcome(DEAD_LETTER_QUEUE, record.timestamp, record.key, None, read_letter(record))
    queue = next(queue for queue in Queue if queue_topic(topics, queue) == record.topic)
    try:
        ticket = TriagedTicket.model_validate_json(record.value or b"")
    except ValidationError:
        return Outcome(queue.value, record.timestamp, record.key, None, None)
    return Outcome(queue.value, record.timestamp, record.key, ticket, None)


def reason(ticket: TriagedTicket) -> str:
    """What sent the ticket to its queue: the rules that flagged it, else its intent."""
    cause = _CAUSES.get(ticket.queue)
    rules = dict.fromkeys(
        finding.rule.removeprefix("validation.").replace("_", " ")
        if finding.guardrail is Guardrail.VALIDATION
        else finding.rule
        for finding in ticket.findings
        if finding.guardrail is cause and finding.severity is Severity.FLAG
    )
    parts = list(rules) or [_WITHOUT_A_RULE.get(ticket.queue, CALM)]
    if ticket.queue is Queue.PRIORITY and ticket.toxic:
        parts.append("abusive too")
    return ", ".join(parts)
