"""What a micro-batch becomes where a language model may be asked, and where it may not."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from schemas import LlmOutcome, Queue, RawTicket
from stream_app.llm import open_layer
from stream_app.messages import Record
from stream_app.settings import LlmSettings
from stream_app.worker.decide import Decider, Doubtful, Outcome

IN_DOUBT = [
    (
        Record("raw", 0, offset, 0, None, b"", ()),
        RawTicket(text=f"nothing that the model knows, {offset:x}"),
    )
    for offset in range(5)
]


def test_without_a_language_model_no_ticket_is_left_in_doubt(decider: Decider) -> None:
    outcomes = decider.decide(IN_DOUBT, None)
    assert all(isinstance(outcome, Outcome) for outcome in outcomes)
    assert [outcome.decided and outcome.decided.decision.llm for outcome in outcomes] == [None] * 5


async def test_no_more_tickets_are_left_in_doubt_than_may_be_asked_about(decider: Decider) -> None:
    settings = LlmSettings.model_validate(
        {
            "api_key": "test-key",
            "base_url": "http://127.0.0.1:9/v1",
            "model": "test-model",
            "max_concurrent": 1,
            "max_waiting": 1,
        }
    )
    layer = open_layer(settings, CollectorRegistry())
    assert layer is not None
    items = decider.decide(IN_DOUBT, layer.at_once)
    await layer.aclose()
    assert [isinstance(item, Doubtful) for item in items] == [True, True, False, False, False]
    for item in items[2:]:
        assert isinstance(item, Outcome)
        assert item.queue is Queue.REVIEW
        assert item.decided is not None
        assert item.decided.decision.llm is not None
        assert item.decided.decision.llm.outcome is LlmOutcome.OVERLOADED
