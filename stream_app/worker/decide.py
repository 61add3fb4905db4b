"""One micro-batch from records to outgoing records; blocking, free of Kafka, run off the loop."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from schemas import ErrorCode, LlmVerdict, ModelReference, Queue, RawTicket
from stream_app.asking import question_about
from stream_app.guardrails import RuleSet, ToxicityModel
from stream_app.inference import Classifier
from stream_app.llm import Question
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
from stream_app.triage import Decision, settle, triage


@dataclass(frozen=True, slots=True)
class Decided:
    """A ticket, its decision and the model that it was made with."""

    ticket: RawTicket
    decision: Decision
    model: ModelReference


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one record: exactly one of `decided` and `refused` is set."""

    record: Record
    outgoing: OutgoingRecord
    decided: Decided | None
    refused: ErrorCode | None

    @property
    def queue(self) -> Queue | None:
        """Where the ticket goes; None for a refused record."""
        return self.decided.decision.queue if self.decided else None

    @property
    def rules(self) -> tuple[str, ...]:
        """The id of each rule that fired."""
        if self.decided is None:
            return ()
        return tuple(finding.rule for finding in self.decided.decision.findings)


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A ticket decided as far as rules and model go, with what to ask a language model of it."""

    record: Record
    decided: Decided
    question: Question


VerdictAtOnce = Callable[[Question, int], LlmVerdict | None]
"""`LlmLayer.at_once`: given a question and how many are asked before it, a verdict or None."""


@dataclass(frozen=True, slots=True)
class Decider:
    """What a micro-batch is decided with.

    `model` is asked once a micro-batch and the model is held for as long as that takes, so that
    one model decides all of it, whatever is swapped in meanwhile. `audit_share` of the tickets are
    drawn at random: they alone tell without bias how good the decisions are.
    """

    model: Callable[[], AbstractContextManager[Classifier]]
    rules: RuleSet
    policy: Policy
    topics: TopicSettings
    audit_share: float
    toxicity: ToxicityModel | None

    def decide(
        self, decoded: Sequence[tuple[Record, RawTicket | Refusal]], at_once: VerdictAtOnce | None
    ) -> list[Outcome | Doubtful]:
        """One item a record, in order; without `at_once` nobody is asked, and none is in doubt.

        Raises where the model fails.
        """
        tickets = [item for _, item in decoded if isinstance(item, RawTicket)]
        with self.model() as model:
            reference = model.reference
            decisions = iter(
                triage(tickets, model, self.rules, self.policy, self.toxicity) if tickets else []
            )
        items: list[Outcome | Doubtful] = []
        doubtful = 0
        for record, item in decoded:
            if isinstance(item, Refusal):
                letter = dead_letter_record(self.topics.dlq, record, item)
                items.append(Outcome(record, letter, None, item.code))
                continue
            audit = even_draw(record.event_id) < self.audit_share
            decided = Decided(item, replace(next(decisions), audit=audit), reference)
            if at_once and (question := question_about(item, decided.decision, self.policy)):
                verdict = at_once(question, doubtful)
                if verdict is None:
                    doubtful += 1
                    # A message is as much work as the rules are: not built twice.
                    items.append(Doubtful(record, decided, question))
                    continue
                decided = self._with(verdict, decided)
            items.append(self._outcome(record, decided))
        return items

    def settle(self, doubtful: Doubtful, verdict: LlmVerdict) -> Outcome:
        """The outcome of a ticket with a language model's verdict on it."""
        return self._outcome(doubtful.record, self._with(verdict, doubtful.decided))

    def _with(self, verdict: LlmVerdict, decided: Decided) -> Decided:
        return replace(decided, decision=settle(decided.decision, verdict, self.policy))

    def _outcome(self, record: Record, decided: Decided) -> Outcome:
        ticket = triaged_ticket(
            decided.ticket,
            decided.decision,
            model=decided.model,
            rules_version=self.rules.version,
            policy_version=self.policy.version,
            decided_at=datetime.now(UTC),
            record=record,
        )
        topic = queue_topic(self.topics, decided.decision.queue)
        return Outcome(record, triaged_record(topic, ticket, record), decided, None)


def even_draw(event_id: str) -> float:
    """A number in 0..1 for an event id: evenly spread, and the same for a redelivered record."""
    digest = hashlib.blake2b(event_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
