"""One micro-batch from records to outgoing records; blocking, free of Kafka, run off the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas import ErrorCode, Queue, RawTicket
from stream_app.guardrails import RuleSet, ToxicityModel
from stream_app.inference import Classifier
from stream_app.messages import (
    OutgoingRecord,
    Record,
    Refusal,
    dead_letter_record,
    triaged_record,
    triaged_ticket,
)
from stream_app.routing import Policy
from stream_app.settings import TopicSettings
from stream_app.topics import queue_topic
from stream_app.triage import triage


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one record: exactly one of `queue` and `refused` is set.

    `intent` is the model's answer, None for a refused record.
    """

    record: Record
    outgoing: OutgoingRecord
    queue: Queue | None
    intent: str | None
    refused: ErrorCode | None
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decider:
    """What a micro-batch is decided with.

    `model` is asked once a micro-batch and the model is held for as long as that takes, so that
    one model decides all of it, whatever is swapped in meanwhile.
    """

    model: Callable[[], AbstractContextManager[Classifier]]
    rules: RuleSet
    policy: Policy
    topics: TopicSettings
    toxicity: ToxicityModel | None = None

    def decide(self, decoded: Sequence[tuple[Record, RawTicket | Refusal]]) -> list[Outcome]:
        """One outcome a record, in order. Raises where the model fails."""
        tickets = [item for _, item in decoded if isinstance(item, RawTicket)]
        with self.model() as model:
            reference = model.reference
            decisions = iter(
                triage(tickets, model, self.rules, self.policy, self.toxicity) if tickets else []
            )
        now = datetime.now(UTC)
        outcomes = []
        for record, item in decoded:
            if isinstance(item, Refusal):
                letter = dead_letter_record(self.topics.dlq, record, item)
                outcomes.append(Outcome(record, letter, None, None, item.code, ()))
                continue
            decision = next(decisions)
            ticket = triaged_ticket(
                item,
                decision,
                model=reference,
                rules_version=self.rules.version,
                policy_version=self.policy.version,
                decided_at=now,
                record=record,
            )
            outgoing = triaged_record(queue_topic(self.topics, decision.queue), ticket, record)
            fired = tuple(finding.rule for finding in decision.findings)
            intent = decision.prediction.label.intent
            outcomes.append(Outcome(record, outgoing, decision.queue, intent, None, fired))
        return outcomes
