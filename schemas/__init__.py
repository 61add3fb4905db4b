"""The message contracts of every topic; knows nothing of how messages are made or moved."""

from schemas.dead_letter import DeadLetter, DeadLetterHeader, ErrorCode, original_headers
from schemas.feedback import Feedback
from schemas.model_event import ModelEvent, ModelEventKind, ShadowCounts
from schemas.raw_ticket import MAX_IDENTIFIER_CHARACTERS, MAX_TEXT_CHARACTERS, RawTicket
from schemas.review import (
    LabelAnswer,
    LlmOutcome,
    LlmVerdict,
    ReviewReason,
    ToxicityAnswer,
    UrgencyAnswer,
)
from schemas.triaged_ticket import (
    Finding,
    Guardrail,
    IntentScore,
    ModelReference,
    Priority,
    Queue,
    Severity,
    SourcePosition,
    Span,
    TextField,
    TriagedTicket,
)

__all__ = [
    "MAX_IDENTIFIER_CHARACTERS",
    "MAX_TEXT_CHARACTERS",
    "DeadLetter",
    "DeadLetterHeader",
    "ErrorCode",
    "Feedback",
    "Finding",
    "Guardrail",
    "IntentScore",
    "LabelAnswer",
    "LlmOutcome",
    "LlmVerdict",
    "ModelEvent",
    "ModelEventKind",
    "ModelReference",
    "Priority",
    "Queue",
    "RawTicket",
    "ReviewReason",
    "Severity",
    "ShadowCounts",
    "SourcePosition",
    "Span",
    "TextField",
    "ToxicityAnswer",
    "TriagedTicket",
    "UrgencyAnswer",
    "original_headers",
]
