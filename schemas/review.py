"""Why a person should look at a ticket, and what the language model said of it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from schemas.base import OutgoingMessage


class ReviewReason(StrEnum):
    """What a person who reviews the ticket should decide."""

    LOW_CONFIDENCE = "low_confidence"
    """Which of `alternatives` it is, or none."""
    OUT_OF_SCOPE = "out_of_scope"
    """Whether any known intent fits."""
    CONTRADICTION = "contradiction"
    """Which is right: the intent, or what the text says beside it."""
    DISAGREEMENT = "disagreement"
    """Which of two guardrails is right."""
    DEGRADED = "degraded"
    """What the language model was asked and did not answer."""
    AUDIT = "audit"
    """Everything, without a doubt of ours: the ticket was drawn at random."""


class LlmOutcome(StrEnum):
    """How a question to the language model ended. All but the first two mean no answer."""

    ANSWERED = "answered"
    CACHED = "cached"
    DEADLINE = "deadline"
    OVERLOADED = "overloaded"
    """Too many questions were waiting already."""
    SUSPENDED = "suspended"
    """The circuit breaker is open after failures in a row."""
    BUDGET = "budget"
    """The tokens or the money of this hour are spent."""
    REFUSED = "refused"
    MALFORMED = "malformed"
    """An answer that does not have the form that was asked for."""
    REJECTED = "rejected"
    """A status that another try would not change, such as 401."""
    UNREACHABLE = "unreachable"
    """No connection, or 429 or 5xx also on the second try."""


class UrgencyAnswer(StrEnum):
    """Whether harm grows while the ticket waits."""

    URGENT = "urgent"
    NOT_URGENT = "not_urgent"
    UNSURE = "unsure"


class ToxicityAnswer(StrEnum):
    """The worst that the text does to a person or a group."""

    NONE = "none"
    SWEARING = "swearing"
    DIRECTED_ABUSE = "directed_abuse"
    THREAT = "threat"
    IDENTITY_ATTACK = "identity_attack"
    UNSURE = "unsure"


class LabelAnswer(StrEnum):
    """Whether the text asks for what the intent says."""

    FITS = "fits"
    CONTRADICTS = "contradicts"
    UNSURE = "unsure"


class LlmVerdict(OutgoingMessage):
    """One question to a language model. The three answers are null where there was none."""

    outcome: LlmOutcome = Field(description="Whether it answered, and why not.")
    urgency: UrgencyAnswer | None = Field(
        default=None, description="May raise a ticket's urgency, never lowers it."
    )
    toxicity: ToxicityAnswer | None = Field(default=None, description="What it found.")
    label: LabelAnswer | None = Field(
        default=None, description="Whether the intent fits; null where none was asked about."
    )
    model: str = Field(description="The model that was asked, as its server names it.")
    prompt_version: str = Field(description="Version of the prompt.", examples=["1"])
