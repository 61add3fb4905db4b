"""Sends one request to an OpenAI-compatible server and reads the answer; no retry, no deadline.

The only module that imports the client library. What the library raises ends here: its exceptions
hold the request, and with it the key and the ticket, so none of them leaves and none is logged.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http import HTTPStatus

import httpx2
import openai
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from schemas import LlmOutcome
from stream_app.llm.answer_limit import UnusableAnswer, limit_answer
from stream_app.llm.answers import answer_schema, read_answers
from stream_app.llm.attempt import Attempt, Usage
from stream_app.llm.prompt import Request
from stream_app.llm.retry_after import retry_after_s

log = logging.getLogger(__name__)

_ABOUT_THE_TICKET = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""Refusals of what was sent, such as a content filter's: another ticket may pass."""

_BEFORE_SENDING = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
)
"""What ends a request of which the server has not got a byte: it charges for none."""

_CONNECT_SHARE = 0.4
"""Of the time for an answer, for a connection: so that two tries at a server that is not there end
within it, and are known to cost nothing."""

_MOST_USAGE = 100_000_000


class _Loose(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Message(_Loose):
    content: str | None = None
    refusal: str | None = None


class _Choice(_Loose):
    message: _Message
    finish_reason: str | None = None


class _Completion(_Loose):
    choices: tuple[_Choice, ...]


class _Usage(_Loose):
    prompt_tokens: int = Field(ge=0, le=_MOST_USAGE)
    completion_tokens: int = Field(ge=0, le=_MOST_USAGE)


class _Charged(_Loose):
    usage: _Usage


class ChatClient:
    """A client of one server's chat completions."""

    def __init__(
        self, *, key: SecretStr, base_url: str, model: str, connections: int, timeout_s: float
    ) -> None:
        _quieten_libraries()
        self.model = model
        http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(timeout_s, connect=_CONNECT_SHARE * timeout_s),
            limits=httpx2.Limits(
                max_connections=connections, max_keepalive_connections=connections
            ),
            # A redirect would take the ticket to a server that nobody named.
            follow_redirects=False,
            # Proxies of the environment are for TLS, which they cannot read.
            trust_env=base_url.startswith("https:"),
            headers={"Accept-Encoding": "identity"},
            event_hooks={"response": [limit_answer]},
        )
        self._api = openai.AsyncOpenAI(
            api_key=key.get_secret_value(), base_url=base_url, max_retries=0, http_client=http
        )

    async def attempt(self, request: Request) -> Attempt:
        """Send `request` once. Raises nothing but cancellation; bounds no time."""
        try:
            body = await self._send(request)
        except openai.APIStatusError as error:
            return _of_status(error.response)
        except openai.APIConnectionError as error:
            free = isinstance(error.__cause__, _BEFORE_SENDING)
            return Attempt(LlmOutcome.UNREACHABLE, free=free, again=True, server_failed=True)
        except UnusableAnswer:
            return Attempt(LlmOutcome.MALFORMED)
        except Exception as error:
            # Whatever else a library comes up with, a ticket must not wait for its bug to be fixed.
            log.error("language model: the client failed with %s", type(error).__name__)
            return Attempt(LlmOutcome.UNREACHABLE, server_failed=True)
        return _of_body(body, labelled=request.labelled)

    async def aclose(self) -> None:
        """Close its connections."""
        await self._api.close()

    async def _send(self, request: Request) -> bytes:
        content: dict[str, object] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": request.system},
                {"role": "user", "content": request.user},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {
                    "name": "judgement",
                    "strict": True,
                    "schema": answer_schema(labelled=request.labelled),
                },
            },
            "max_completion_tokens": request.max_answer_tokens,
        }
        if request.temperature is not None:
            content["temperature"] = request.temperature
        # The library's request for any path: its own method for this one walks the whole content
        # to convert types that are right already, which is a third of the time of a question, and
        # builds its types from whatever JSON comes back without checking it.
        response = await self._api.post("/chat/completions", cast_to=httpx2.Response, body=content)
        return response.content


def _of_status(response: httpx2.Response) -> Attempt:
    status = response.status_code
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500:
        return Attempt(
            LlmOutcome.UNREACHABLE,
            free=True,
            again=True,
            retry_after_s=retry_after_s(response.headers, datetime.now(UTC)),
            server_failed=True,
        )
    return Attempt(LlmOutcome.REJECTED, free=True, server_failed=status not in _ABOUT_THE_TICKET)


def _of_body(body: bytes, *, labelled: bool) -> Attempt:
    usage = _read_usage(body)
    try:
        choice = _Completion.model_validate_json(body).choices[0]
    except (ValidationError, IndexError):
        return Attempt(LlmOutcome.MALFORMED, usage=usage)
    if choice.message.refusal or choice.finish_reason == "content_filter":
        return Attempt(LlmOutcome.REFUSED, usage=usage)
    answers = read_answers(choice.message.content or "", labelled=labelled)
    if answers is None:
        return Attempt(LlmOutcome.MALFORMED, usage=usage)
    return Attempt(LlmOutcome.ANSWERED, answers, usage)


def _read_usage(body: bytes) -> Usage | None:
    """What the answer says it cost; read apart, since local servers leave it out."""
    try:
        usage = _Charged.model_validate_json(body).usage
    except ValidationError:
        return None
    return Usage(usage.prompt_tokens, usage.completion_tokens)


def _quieten_libraries() -> None:
    """Keep the libraries' debug records off: they hold headers and addresses."""
    for library in ("openai", "httpx2", "httpcore2"):
        logging.getLogger(library).setLevel(logging.WARNING)
