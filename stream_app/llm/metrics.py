"""What /metrics says of the language model: names, units and labels; holds no logic.

Labels take values from closed sets only: no text, no key and no address can become one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas import LlmOutcome
from stream_app.llm.breaker import BreakerState
from stream_app.redaction import Kind

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)


class LlmMetrics:
    """The metrics of one layer."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.questions = Counter(
            "tickets_llm_questions",
            "Questions about tickets, by how they ended.",
            ["outcome"],
            registry=registry,
        )
        for outcome in LlmOutcome:
            self.questions.labels(outcome)
        self.seconds = Histogram(
            "tickets_llm_question_seconds",
            "From a question to its end, of those that were not refused or known at once.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.retries = Counter(
            "tickets_llm_retries", "Requests that were sent a second time.", registry=registry
        )
        self.tokens = Counter(
            "tickets_llm_tokens",
            "Tokens that the server says it charged for.",
            ["direction"],
            registry=registry,
        )
        for direction in ("input", "output"):
            self.tokens.labels(direction)
        self.money = Counter(
            "tickets_llm_money", "What they cost, in the currency of the prices.", registry=registry
        )
        self.redactions = Counter(
            "tickets_llm_redactions",
            "Pieces of personal data taken out of tickets before asking, by kind.",
            ["kind"],
            registry=registry,
        )
        for kind in Kind:
            self.redactions.labels(kind)

    def watch(self, waiting: Callable[[], int], breaker: Callable[[], BreakerState]) -> None:
        """Read these two when the metrics are read."""
        Gauge(
            "tickets_llm_waiting",
            "Questions that wait for their turn.",
            registry=self._registry,
        ).set_function(waiting)
        states = Gauge(
            "tickets_llm_breaker",
            "1 for the state that the circuit breaker is in, 0 for the others.",
            ["state"],
            registry=self._registry,
        )
        for state in BreakerState:
            states.labels(state).set_function(partial(_is_in, breaker, state))


def _is_in(breaker: Callable[[], BreakerState], state: BreakerState) -> float:
    return float(breaker() is state)
