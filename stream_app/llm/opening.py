"""Builds the layer from the settings; the one place that decides whether there is one."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from stream_app.errors import UserError
from stream_app.llm.key import read_key
from stream_app.llm.layer import LlmLayer
from stream_app.llm.metrics import LlmMetrics
from stream_app.llm.prompt import load_prompt
from stream_app.settings import LlmSettings


def open_layer(settings: LlmSettings, registry: CollectorRegistry) -> LlmLayer | None:
    """The layer, its metrics in `registry`; None without a key.

    Takes seconds the first time, so call it before tickets flow. Raises `UserError` for a key
    file or a prompt that cannot be used.
    """
    key = read_key(settings)
    if key is None or settings.base_url is None or settings.model is None:
        return None
    prompt = load_prompt(settings.prompt)

    # Importing the client library costs seconds and tens of MiB that a worker without a key saves.
    from anyio.from_thread import start_blocking_portal

    from stream_app.llm.client import ChatClient

    try:
        client = ChatClient(
            key=key,
            base_url=settings.base_url,
            model=settings.model,
            connections=settings.max_concurrent,
            timeout_s=settings.deadline_s,
        )
    except Exception as error:
        # Of whatever type the library finds: an address that is none, a proxy of the environment
        # of a kind that it does not know. Its words may hold the proxy's password.
        raise UserError(
            f"the client of the language model cannot be made ({type(error).__name__}): check "
            "TICKETS_LLM_BASE_URL and the proxy variables of the environment"
        ) from None
    # The client's connections load their part for asyncio with the first request: on the event
    # loop, which would stand still meanwhile, for long beside busy lanes.
    with start_blocking_portal():
        pass
    return LlmLayer(client, prompt, settings, LlmMetrics(registry))
