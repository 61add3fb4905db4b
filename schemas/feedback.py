"""The contract of `tickets.feedback`: a correction by a person; the worker does not read it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator

from schemas.base import IncomingMessage
from schemas.raw_ticket import Identifier
from schemas.triaged_ticket import Priority, Queue


class Feedback(IncomingMessage):
    """What an agent says the right decision would have been; absent fields were right.

    Raises `pydantic.ValidationError` where nothing is corrected or confirmed.
    """

    event_id: Identifier = Field(description="`event_id` of the triaged ticket.")
    ticket_id: Identifier = Field(description="`ticket_id` of the triaged ticket.")
    text: str = Field(min_length=1, description="The ticket's text, so that feedback can train.")
    confirmed: bool = Field(
        default=False,
        description="True where every field was right. Feedback either confirms or corrects.",
    )
    intent: str | None = Field(default=None, description="The right intent.")
    priority: Annotated[Priority, Field(strict=False)] | None = Field(
        default=None, description="The right priority."
    )
    queue: Annotated[Queue, Field(strict=False)] | None = Field(
        default=None, description="The right queue."
    )
    given_by: Identifier = Field(description="Id of the agent or system that corrects.")
    given_at: Annotated[datetime, Field(strict=False)] = Field(
        description="When the correction was made (RFC 3339)."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Feedback:
        corrections = (self.intent, self.priority, self.queue)
        if self.confirmed == any(value is not None for value in corrections):
            raise ValueError("feedback either confirms the decision or corrects a field of it")
        return self
