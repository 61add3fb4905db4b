"""The contract of `tickets.model-events`: what a worker says of the models that it serves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from schemas.base import OutgoingMessage
from schemas.triaged_ticket import ModelReference


class ModelEventKind(StrEnum):
    """What happened."""

    STARTED = "started"
    SWAPPED = "swapped"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    REACHABLE = "reachable"
    CHALLENGER_OPENED = "challenger_opened"
    CHALLENGER_CLOSED = "challenger_closed"
    SHADOW = "shadow"


class ShadowCounts(OutgoingMessage):
    """What came of scoring live tickets with the challenger since it was opened."""

    scored: int = Field(ge=0, description="Tickets that both models answered.")
    agreed: int = Field(ge=0, description="Those on whose intent both agree.")
    dropped: int = Field(
        ge=0, description="Tickets of the share that were passed over because scoring was behind."
    )
    seconds: float = Field(
        ge=0.0, description="Processor seconds that the challenger took for `scored`."
    )


class ModelEvent(OutgoingMessage):
    """One thing that happened to a worker's models."""

    event_id: str = Field(description="Unique id of the event.")
    kind: ModelEventKind = Field(description="What happened.")
    worker: str = Field(description="Host name and process id of the worker.", examples=["desk:7"])
    at: datetime = Field(description="When it happened (RFC 3339, UTC).")
    registered_model: str | None = Field(
        description="Name in the registry; null for a worker that follows none."
    )
    alias: str | None = Field(description="The alias that the event is about, if it is about one.")
    version: int | None = Field(
        description="The registry version that the event is about, if it is about one."
    )
    serving: ModelReference = Field(
        description=(
            "The bundle that serves after the event; of a challenger that a swap closes, the one "
            "that its counts compare it with."
        )
    )
    before: ModelReference | None = Field(
        description="The bundle that served before; null where that did not change."
    )
    reason: str | None = Field(description="Why, in one line, for what did not go as asked.")
    seconds: float | None = Field(
        description="From noticing the version to serving it; null for other events."
    )
    shadow: ShadowCounts | None = Field(description="Null for events that are not about shadow.")
