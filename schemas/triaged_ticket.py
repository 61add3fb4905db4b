"""The contract of the four queues: a ticket with its decision and every reason for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.base import OutgoingMessage
from schemas.review import LlmVerdict, ReviewReason


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
    """What a finding does: `flag` raises its guardrail's flag, `note` does not.

    Notes move no ticket to a queue. Two withhold: `no_case.in_thought_or_settled` an urgency that
    the intent alone speaks for, `no_case.only_asks` a priority above low. The others are doubts
    that a language model may be asked about.
    """

    NOTE = "note"
    FLAG = "flag"


class TextField(StrEnum):
    """The field of the ticket that a finding is about."""

    TEXT = "text"
    SUBJECT = "subject"


class Span(OutgoingMessage):
    """A half-open range of the finding's field, in Unicode code points."""

    start: int = Field(ge=0, description="First code point of the match.")
    end: int = Field(ge=0, description="One after the last code point of the match.")


class Finding(OutgoingMessage):
    """One rule that fired."""

    guardrail: Guardrail = Field(description="The check that the rule belongs to.")
    rule: str = Field(description="Stable rule id.", examples=["money_at_risk.card_stolen"])
    severity: Severity = Field(description="Whether the guardrail's flag is raised.")
    field: TextField = Field(default=TextField.TEXT, description="What `span` counts in.")
    span: Span | None = Field(
        default=None,
        description="Where in `field` the rule matched; null for rules about the whole ticket.",
    )


class IntentScore(OutgoingMessage):
    """An intent with its calibrated probability."""

    intent: str = Field(description="Name in the bundle's taxonomy.")
    confidence: float = Field(ge=0.0, le=1.0, description="Calibrated probability of `intent`.")


class ModelReference(OutgoingMessage):
    """The bundle that decided."""

    name: str = Field(description="Name of the bundle.", examples=["banking77-minilm"])
    version: str = Field(description="Version of the bundle.", examples=["20260301T093000Z"])
    digest: str = Field(
        pattern=r"^sha256:[0-9a-f]{64}$", description="SHA-256 of the bundle's manifest."
    )


class SourcePosition(OutgoingMessage):
    """The record of the input topic that this decision is about."""

    topic: str = Field(description="Topic of the source record.")
    partition: int = Field(ge=0, description="Its partition.")
    offset: int = Field(ge=0, description="Its offset in the partition.")


class TriagedTicket(OutgoingMessage):
    """One decided ticket, as it stands in its queue."""

    event_id: str = Field(
        description=(
            "Derived from the source record's topic, partition and offset: a redelivered record "
            "gives the same id, so consumers can drop duplicates by it."
        ),
        examples=["tickets.raw:3:1042"],
    )
    ticket_id: str = Field(
        description="The raw ticket's id, else the source record's key, else `event_id`."
    )
    text: str = Field(description="What the customer wrote, unchanged.")
    subject: str | None = Field(default=None, description="As on the raw ticket.")
    channel: str | None = Field(default=None, description="As on the raw ticket.")
    customer_id: str | None = Field(default=None, description="As on the raw ticket.")
    created_at: datetime | None = Field(default=None, description="As on the raw ticket.")
    attributes: dict[str, str] = Field(default_factory=dict, description="As on the raw ticket.")

    queue: Queue = Field(description="The queue that the ticket was sent to.")
    intent: str = Field(
        description="What the customer wants, as the model reads it.",
        examples=["lost_or_stolen_card"],
    )
    category: str = Field(
        description="The business category that the taxonomy gives `intent`.",
        examples=["Account/Login"],
    )
    priority: Priority = Field(description="How soon a person should look.")
    confidence: float = Field(ge=0.0, le=1.0, description="Calibrated probability of `intent`.")
    alternatives: list[IntentScore] = Field(
        description="The most likely intents, best first; the first one is `intent`."
    )
    urgent: bool = Field(description="True where harm grows while the ticket waits.")
    toxic: bool = Field(description="True where a guardrail found abuse.")
    needs_review: bool = Field(description="True where the decision is too unsure to act on.")
    review_reasons: list[ReviewReason] = Field(
        default_factory=list,
        description="What a person should decide. More than one may hold, in any queue.",
    )
    audit: bool = Field(
        default=False,
        description=(
            "True where the ticket was drawn at random, whatever was decided of it: these alone "
            "estimate quality without bias."
        ),
    )
    degraded: bool = Field(
        default=False, description="True where the language model was needed and did not answer."
    )
    llm: LlmVerdict | None = Field(
        default=None, description="What the language model said; null where it was not asked."
    )
    findings: list[Finding] = Field(description="Each rule that fired, in order of guardrail.")

    model: ModelReference = Field(description="The bundle that decided.")
    rules_version: str = Field(description="Version of the guardrail rules.")
    policy_version: str = Field(description="Version of the routing policy.")
    source: SourcePosition | None = Field(
        default=None, description="Null for tickets that did not come from a topic."
    )
    decided_at: datetime = Field(description="When the decision was made (RFC 3339, UTC).")
