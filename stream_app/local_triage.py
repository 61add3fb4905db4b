"""Triage without a broker: opens model, rules and policy once and decides on call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas import RawTicket, TriagedTicket
from stream_app.bundle import Bundle, bundle_store, newest_bundle, read_bundle
from stream_app.guardrails import RuleSet, load_rules
from stream_app.inference import OnnxClassifier, open_classifier
from stream_app.messages import triaged_ticket
from stream_app.routing import Policy, load_policy
from stream_app.settings import InferenceSettings, Settings
from stream_app.triage import Decision, triage


def open_model(inference: InferenceSettings) -> OnnxClassifier:
    """Verify and open the configured bundle, or the newest on this machine.

    Raises `BundleError` where there is none or it must not serve.
    """
    return open_bundle(read_bundle(inference.bundle or newest_bundle(bundle_store())), inference)


def open_bundle(bundle: Bundle, inference: InferenceSettings) -> OnnxClassifier:
    """Open a verified bundle as the settings say and run its golden tickets.

    Raises `BundleError` where it must not serve.
    """
    return open_classifier(
        bundle,
        lanes=inference.lanes,
        max_padded_tokens=inference.max_padded_tokens,
        max_rows=inference.max_rows,
    )


@dataclass(frozen=True, slots=True)
class LocalTriage:
    """All that decides a ticket, opened as the worker with the same settings opens it."""

    model: OnnxClassifier
    rules: RuleSet
    policy: Policy

    def decide(self, tickets: Sequence[RawTicket]) -> list[Decision]:
        """One decision a ticket, in order."""
        return triage(tickets, self.model, self.rules, self.policy)

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
def open_local_triage(settings: Settings) -> Iterator[LocalTriage]:
    """Open model, rules and policy for as long as the block runs.

    Raises `UserError` for a bundle, rules or policy that must not serve.
    """
    rules = load_rules(settings.triage.rules)
    policy = load_policy(settings.triage.policy)
    model = open_model(settings.inference)
    try:
        yield LocalTriage(model, rules, policy)
    finally:
        model.close()
