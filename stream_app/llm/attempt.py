"""What one request to a server came to, in the layer's terms; knows no client library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from schemas import LlmOutcome
from stream_app.llm.answers import Answers
from stream_app.llm.prompt import Request


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a server says it charged for."""

    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """The end of one request.

    `answers` are there if and only if the outcome is `answered`. `usage` is None where the server
    did not say. `free` is certain: the request was never sent, or an error status came instead of
    an answer. `again` says that another try may go well, not before `retry_after_s` seconds where
    the server named them. `server_failed` blames the server, or how it is set up, rather than this
    one ticket.
    """

    outcome: LlmOutcome
    answers: Answers | None = None
    usage: Usage | None = None
    free: bool = False
    again: bool = False
    retry_after_s: float | None = None
    server_failed: bool = False


class Client(Protocol):
    """Sends requests to one server."""

    @property
    def model(self) -> str:
        """The model that is asked, as the server names it."""

    async def attempt(self, request: Request) -> Attempt:
        """Send `request` once. Raises nothing but cancellation; bounds no time."""

    async def aclose(self) -> None:
        """Close its connections."""
