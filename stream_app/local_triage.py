"""Triage without a broker: opens model, rules and policy once and decides on call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from schemas import RawTicket, TriagedTicket
from stream_app.bundle import Bundle, bundle_store, newest_bundle, read_bundle
from stream_app.guardrails import ToxicityModel, load_rules
from stream_app.inference import OnnxClassifier, open_classifier
from stream_app.messages import triaged_ticket
from stream_app.routing import load_policy
from stream_app.settings import InferenceSettings, Settings
from stream_app.triage import triage


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
def open_local_triage(
    settings: Settings,
) -> Iterator[Callable[[Sequence[RawTicket]], list[TriagedTicket]]]:
    """A function that decides tickets as the worker with the same settings would.

    Raises `UserError` for a bundle, rules or policy that must not serve.
    """
    rules = load_rules(settings.triage.rules, settings.triage.extra_rules)
    policy = load_policy(settings.triage.policy)
    with ExitStack() as stack:
        model = open_model(settings.inference)
        stack.callback(model.close)
        toxicity = stack.enter_context(open_toxicity_model(settings))

        def decide(tickets: Sequence[RawTicket]) -> list[TriagedTicket]:
            decisions = triage(tickets, model, rules, policy, toxicity)
            now = datetime.now(UTC)
            return [
                triaged_ticket(
                    ticket,
                    decision,
                    model=model.reference,
                    rules_version=rules.version,
                    policy_version=policy.version,
                    decided_at=now,
                )
                for ticket, decision in zip(tickets, decisions, strict=True)
            ]

        yield decide
