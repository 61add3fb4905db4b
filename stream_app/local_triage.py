"""Triage without a broker: opens model, rules and policy once and decides on call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from schemas import LlmVerdict, RawTicket, TriagedTicket
from stream_app.asking import question_about
from stream_app.bundle import Bundle, bundle_store, newest_bundle, read_bundle
from stream_app.guardrails import RuleSet, ToxicityModel, load_rules
from stream_app.inference import OnnxClassifier, open_classifier
from stream_app.llm import LlmLayer, open_layer
from stream_app.messages import triaged_ticket
from stream_app.routing import Policy, load_policy
from stream_app.settings import InferenceSettings, LlmSettings, Settings
from stream_app.triage import Decision, settle, triage


def open_model(inference: InferenceSettings) -> OnnxClassifier:
    """Verify and open the configured bundle, or the newest on this machine.

    Raises `BundleError` where there is none or it must not serve.
    """
    return open_bundle(read_bundle(inference.bundle or newest_bundle(bundle_store())), inference)


def open_bundle(
    bundle: Bundle, inference: InferenceSettings, *, like: OnnxClassifier | None = None
) -> OnnxClassifier:
    """Open a verified bundle as the settings say and run its golden tickets.

    `like` is one that is open and may have the same tokenizer.

    Raises `BundleError` where it must not serve.
    """
    return open_classifier(
        bundle,
        lanes=inference.lanes,
        max_padded_tokens=inference.max_padded_tokens,
        max_rows=inference.max_rows,
        like=like,
    )


@dataclass(frozen=True, slots=True)
class LocalTriage:
    """All that decides a ticket, opened as the worker with the same settings opens it.

    `llm` is the language model's layer, where there is one, and the loop that it runs on.
    """

    model: OnnxClassifier
    rules: RuleSet
    policy: Policy
    toxicity: ToxicityModel | None
    llm: tuple[LlmLayer, asyncio.Runner] | None = None

    def decide(self, tickets: Sequence[RawTicket]) -> list[Decision]:
        """One decision a ticket, in order; a language model is asked as the worker would ask it.

        Runs an event loop for that, so call it outside of one.
        """
        decisions = triage(tickets, self.model, self.rules, self.policy, self.toxicity)
        if self.llm is None:
            return decisions
        layer, runner = self.llm
        return runner.run(self._settled(tickets, decisions, layer))

    async def _settled(
        self, tickets: Sequence[RawTicket], decisions: Sequence[Decision], layer: LlmLayer
    ) -> list[Decision]:
        settled = []
        for ticket, decision in zip(tickets, decisions, strict=True):
            question = question_about(ticket, decision, self.policy)
            if question is None:
                settled.append(decision)
                continue
            # One after the other: here nobody is held up, and none is refused for the crowd.
            answer = layer.try_ask(question)
            verdict = answer if isinstance(answer, LlmVerdict) else await answer
            settled.append(settle(decision, verdict, self.policy))
        return settled

    def message(self, ticket: RawTicket, decision: Decision) -> TriagedTicket:
        """The decided ticket as it would stand in its queue, decided now."""
        return triaged_ticket(
            ticket,
            decision,
            model=self.model.reference,
            rules_version=self.rules.version,
            policy_version=self.policy.version,
            decided_at=datetime.now(UTC),
        )


@contextmanager
def open_toxicity_model(settings: Settings) -> Iterator[ToxicityModel | None]:
    """The learned toxicity model that the settings name, None where they name none.

    Raises `BundleError` for a bundle that must not serve and `UserError` for one of other labels.
    """
    folder = settings.triage.toxicity_bundle
    if folder is None:
        yield None
        return
    classifier = open_bundle(read_bundle(folder), settings.inference)
    try:
        yield ToxicityModel(classifier)
    finally:
        classifier.close()


@contextmanager
def open_local_triage(settings: Settings) -> Iterator[LocalTriage]:
    """Open models, rules and policy for as long as the block runs.

    Raises `UserError` for a bundle, rules or policy that must not serve.
    """
    rules = load_rules(settings.triage.rules, settings.triage.extra_rules)
    policy = load_policy(settings.triage.policy)
    with ExitStack() as stack:
        model = open_model(settings.inference)
        stack.callback(model.close)
        toxicity = stack.enter_context(open_toxicity_model(settings))
        llm = stack.enter_context(_open_llm(settings.llm))
        yield LocalTriage(model, rules, policy, toxicity, llm)


@contextmanager
def _open_llm(settings: LlmSettings) -> Iterator[tuple[LlmLayer, asyncio.Runner] | None]:
    """One layer for all tickets: its budget, its breaker and its cache hold for all of them."""
    layer = open_layer(settings, CollectorRegistry())
    if layer is None:
        yield None
        return
    with asyncio.Runner() as runner:
        try:
            yield layer, runner
        finally:
            runner.run(layer.aclose())
