"""The contract of the four queues: a ticket with its decision and every reason for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.base import OutgoingMessage


class Queue(StrEnum):
    """Where a decided ticket goes; each ticket goes to exactly one."""

    PRIORITY = "priority"
    TOXIC = "toxic"
    REVIEW = "review"
    STANDARD = "standard"


class Priority(StrEnum):
    """How soon a person should look."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Guardrail(StrEnum):
    """The check that a finding comes from."""

    URGENCY = "urgency"
    TOXICITY = "toxicity"
    VALIDATION = "validation"


class Severity(StrEnum):
    """What a finding does: `flag` raises its guardrail's flag, `note` is only reported."""

    NOTE = "note"
    FLAG = "flag"


class TextField(StrEnum):
    """The field of the ticket that a finding is about."""

    TEXT = "text"
    SUBJECT = "subject"


class Span(OutgoingMessage):
    """A half-open range of the finding's field, in Unicode code points."""

    start: int = Field(ge=0)
    end: int = Field(ge=0)


class Finding(OutgoingMessage):
    """One rule that fired."""

    guardrail: Guardrail
    rule: str = Field(description="Stable rule id.", examples=["money_at_risk.card_stolen"])
    severity: Severity
    field: TextField = TextField.TEXT
    span: Span | None = Field(
        default=None,
        description="Where in `field` the rule matched; null for rules about the whole ticket.",
    )


class IntentScore(OutgoingMessage):
    """An intent with its calibrated probability."""

    intent: str
    confidence: float = Field(ge=0.0, le=1.0)


class ModelReference(OutgoingMessage):
    """The bundle that decided."""

    name: str = Field(examples=["banking77-minilm"])
    version: str = Field(examples=["20260301T093000Z"])
    digest: str = Field(
        pattern=r"^sha256:[0-9a-f]{64}$", description="SHA-256 of the bundle's manifest."
    )


class SourcePosition(OutgoingMessage):
    """The record of the input topic that this decision is about."""

    topic: str
    partition: int = Field(ge=0)
    offset: int = Field(ge=0)


class TriagedTicket(OutgoingMessage):
    """One decided ticket, as it stands in its queue."""

    event_id: str = Field(
        description=(
            "Derived from the source record's topic, partition and offset: a redelivered record "
            "gives the same id, so consumers can drop duplicates by it."
        ),
        examples=["tickets.raw:3:1042"],
    )
    ticket_id: str
    text: str = Field(description="What the customer wrote, unchanged.")
    subject: str | None = None
    channel: str | None = None
    customer_id: str | None = None
    created_at: datetime | None = None
    attributes: dict[str, str] = Field(default_factory=dict)

    queue: Queue
    intent: str = Field(examples=["lost_or_stolen_card"])
    category: str = Field(examples=["Account/Login"])
    priority: Priority
    confidence: float = Field(ge=0.0, le=1.0, description="Calibrated probability of `intent`.")
    alternatives: list[IntentScore] = Field(
        description="The most likely intents, best first; the first one is `intent`."
    )
    urgent: bool
    toxic: bool
    needs_review: bool
    findings: list[Finding] = Field(description="Each rule that fired, in order of guardrail.")

    model: ModelReference
    rules_version: str = Field(description="Version of the guardrail rules.")
    policy_version: str = Field(description="Version of the routing policy.")
    source: SourcePosition | None = Field(
        default=None, description="Null for tickets that did not come from a topic."
    )
    decided_at: datetime
