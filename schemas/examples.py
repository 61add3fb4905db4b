"""One ticket's way as example messages for the AsyncAPI document; made through the models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.dead_letter import DeadLetter, ErrorCode
from schemas.feedback import Feedback
from schemas.model_event import ModelEvent, ModelEventKind
from schemas.raw_ticket import RawTicket
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
    TriagedTicket,
)

_WRITTEN_AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

RAW_TICKET = RawTicket(
    text="My card was stolen this morning, please block it.",
    ticket_id="T-20418",
    channel="email",
    customer_id="C-7731",
    created_at=_WRITTEN_AT,
    attributes={"locale": "en-GB"},
)

TRIAGED_TICKET = TriagedTicket(
    event_id="tickets.raw:3:1042",
    ticket_id="T-20418",
    text=RAW_TICKET.text,
    channel=RAW_TICKET.channel,
    customer_id=RAW_TICKET.customer_id,
    created_at=RAW_TICKET.created_at,
    attributes=RAW_TICKET.attributes,
    queue=Queue.PRIORITY,
    intent="lost_or_stolen_card",
    category="Account/Login",
    priority=Priority.HIGH,
    confidence=0.9712,
    alternatives=[
        IntentScore(intent="lost_or_stolen_card", confidence=0.9712),
        IntentScore(intent="compromised_card", confidence=0.0121),
    ],
    urgent=True,
    toxic=False,
    needs_review=False,
    findings=[
        Finding(
            guardrail=Guardrail.URGENCY,
            rule="money_at_risk.card_stolen",
            severity=Severity.FLAG,
            span=Span(start=3, end=18),
        )
    ],
    model=ModelReference(
        name="banking77-minilm", version="20260301T080000Z", digest="sha256:" + "5e" * 32
    ),
    rules_version="1",
    policy_version="1",
    source=SourcePosition(topic="tickets.raw", partition=3, offset=1042),
    decided_at=_WRITTEN_AT + timedelta(seconds=2),
)

DEAD_LETTER = DeadLetter(
    event_id="tickets.raw:1:77",
    topic="tickets.raw",
    partition=1,
    offset=77,
    timestamp=int(_WRITTEN_AT.timestamp() * 1000),
    stage="decode",
    code=ErrorCode.TEXT_MISSING,
    message="there is no `text`",
)

FEEDBACK = Feedback(
    event_id=TRIAGED_TICKET.event_id,
    ticket_id=TRIAGED_TICKET.ticket_id,
    text=TRIAGED_TICKET.text,
    intent="compromised_card",
    given_by="agent-12",
    given_at=_WRITTEN_AT + timedelta(minutes=20),
)

MODEL_EVENT = ModelEvent(
    event_id="0b7a0f1c-6d0e-4e37-9a0b-3f0f6d1f6a55",
    kind=ModelEventKind.SWAPPED,
    worker="desk:4711",
    at=_WRITTEN_AT + timedelta(minutes=5),
    registered_model="ticket-intents",
    alias="champion",
    version=8,
    serving=ModelReference(
        name="banking77-minilm", version="20260301T091500Z", digest="sha256:" + "a7" * 32
    ),
    before=TRIAGED_TICKET.model,
    reason=None,
    seconds=2.4,
    shadow=None,
)
