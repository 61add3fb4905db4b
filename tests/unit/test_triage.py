"""The pure core: each ticket gets one decision, whatever it holds and whoever is beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import (
    LabelAnswer,
    LlmOutcome,
    LlmVerdict,
    ModelReference,
    Priority,
    Queue,
    RawTicket,
    ReviewReason,
    TextField,
    ToxicityAnswer,
    TriagedTicket,
    UrgencyAnswer,
)
from stream_app.bundle import Calibration, Label, read_bundle
from stream_app.guardrails import RuleSet, ToxicityModel, load_rules
from stream_app.inference import OnnxClassifier, Prediction, open_classifier
from stream_app.messages import Record, triaged_ticket
from stream_app.routing import Policy, load_policy
from stream_app.triage import Decision, settle, triage
from tests.injections import injection_attempts
from tests.unit.tiny_bundle import write_tiny_bundle

PASSWORD = "password " * 40
"""Enough of it for the model to be sure, whatever else is said."""

Core = tuple[OnnxClassifier, RuleSet, Policy]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    folder: Path = write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "tiny")
    model = open_classifier(read_bundle(folder), lanes=2)
    yield model, load_rules(), load_policy()
    model.close()


def decide(core: Core, *texts: str) -> list[Decision]:
    return triage([RawTicket(text=text) for text in texts], *core)


def test_each_kind_of_ticket_finds_its_queue(core: Core) -> None:
    decisions = decide(
        core, "stolen", "password", f"you are a worthless idiot {PASSWORD}", "password delivery"
    )
    assert [decision.queue for decision in decisions] == [
        Queue.PRIORITY,
        Queue.STANDARD,
        Queue.TOXIC,
        Queue.REVIEW,
    ]


def test_toxicity_does_not_hide_urgency(core: Core) -> None:
    (decision,) = decide(core, "My card was stolen, you worthless idiot")
    assert decision.queue is Queue.PRIORITY
    assert decision.routing.toxic


@pytest.fixture(scope="module")
def toxicity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToxicityModel]:
    """For it, "stolen" is abuse and "password" is fine."""
    labels = tuple(
        Label(intent=name, category="Toxicity", priority=Priority.LOW)
        for name in ("toxic", "fine", "neither")
    )
    folder = write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "abuse", named=labels)
    classifier = open_classifier(read_bundle(folder), lanes=1)
    yield ToxicityModel(classifier)
    classifier.close()


def test_the_learned_model_flags_what_no_rule_finds(core: Core, toxicity: ToxicityModel) -> None:
    tickets = [RawTicket(text="stolen"), RawTicket(text=PASSWORD), RawTicket(text="stolen")]
    with_model = triage(tickets, *core, toxicity)
    assert [decision.routing.toxic for decision in with_model] == [True, False, True]
    assert "learned.toxic" in {finding.rule for finding in with_model[0].findings}
    assert not any(decision.routing.toxic for decision in triage(tickets, *core))


def test_the_learned_model_does_not_flag_a_report(core: Core, toxicity: ToxicityModel) -> None:
    text = "Your agent called me an idiot, stolen"
    (decision,) = triage([RawTicket(text=text)], *core, toxicity)
    assert not decision.routing.toxic


def test_an_unsure_or_foreign_ticket_says_so(core: Core) -> None:
    (decision,) = decide(core, "blah blah blah")
    rules = {finding.rule for finding in decision.findings}
    assert rules == {"validation.low_confidence", "validation.out_of_scope"}


@dataclass(frozen=True)
class Foreign:
    """A model to which every text is foreign, with a likeliest intent of high priority; its head
    for urgency, if it has one, says `urgency`."""

    model: OnnxClassifier
    urgency: float | None

    @property
    def reference(self) -> ModelReference:
        return self.model.reference

    @property
    def calibration(self) -> Calibration:
        return self.model.calibration

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        stolen, *_ = self.model.classify(["stolen"])
        foreign = replace(
            stolen, top=((stolen.label, 0.45),), scope_score=-1.0, urgency=self.urgency
        )
        return [foreign] * len(texts)


@pytest.mark.parametrize(
    ("urgency", "text", "urgent"),
    [
        (0.01, "hello", False),
        (0.01, "How do I report a stolen card?", False),
        (0.01, "I was robbed just now", True),
        (0.35, "hello", True),
        (None, "hello", True),
    ],
)
def test_a_foreign_text_is_not_urgent_by_its_likeliest_intent_alone(
    core: Core, urgency: float | None, text: str, urgent: bool
) -> None:
    model, rules, policy = core
    (decision,) = triage([RawTicket(text=text)], Foreign(model, urgency), rules, policy)
    assert decision.routing.urgent is urgent


def test_a_polite_subject_does_not_play_down_what_the_text_says(core: Core) -> None:
    (decision,) = triage(
        [RawTicket(subject="Can you help me?", text="The transfer was declined, and I wait")], *core
    )
    assert not [found for found in decision.findings if found.rule.startswith("no_case.")]


def test_a_finding_that_begins_in_the_subject_ends_with_it(core: Core) -> None:
    ticket = RawTicket(subject="My card was", text="stolen on the tram")
    (decision,) = triage([ticket], *core)
    spans = [
        (found.field, found.span.start, found.span.end) for found in decision.findings if found.span
    ]
    assert (TextField.SUBJECT, 0, len("My card was")) in spans


@given(subject=st.text(max_size=40), text=st.text(min_size=1, max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_span_lies_in_its_field(core: Core, subject: str, text: str) -> None:
    lively = [("How do I? " + subject, "Where is it? stolen card " + text), (subject + ".", text)]
    for subject_of, text_of in lively:
        if not text_of.strip() or "\0" in subject_of + text_of:
            continue
        ticket = RawTicket(subject=subject_of, text=text_of)
        for found in triage([ticket], *core)[0].findings:
            field = subject_of if found.field is TextField.SUBJECT else text_of
            assert found.span is None or found.span.start < found.span.end <= len(field)


def test_the_subject_counts_and_its_findings_name_it(core: Core) -> None:
    ticket = RawTicket(text=PASSWORD, subject="you are a worthless idiot")
    (decision,) = triage([ticket], *core)
    assert decision.routing.toxic
    assert {finding.field for finding in decision.findings} == {TextField.SUBJECT}


NO_ANSWER = LlmVerdict(outcome=LlmOutcome.DEADLINE, model="m", prompt_version="1")
ANSWER = LlmVerdict(
    outcome=LlmOutcome.ANSWERED,
    urgency=UrgencyAnswer.NOT_URGENT,
    toxicity=ToxicityAnswer.NONE,
    label=LabelAnswer.FITS,
    model="m",
    prompt_version="1",
)


def test_a_verdict_raises_urgency(core: Core) -> None:
    (decision,) = decide(core, "password delivery")
    urgent = ANSWER.model_copy(update={"urgency": UrgencyAnswer.URGENT})
    settled = settle(decision, urgent, core[2])
    assert decision.queue is Queue.REVIEW
    assert settled.queue is Queue.PRIORITY
    assert settled.findings[0].rule == "llm.urgent"


@pytest.mark.parametrize("text", ["stolen", "My card was stolen, you worthless idiot"])
def test_no_verdict_lowers_an_urgent_ticket(core: Core, text: str) -> None:
    (decision,) = decide(core, text)
    for urgency, toxicity, label in product(UrgencyAnswer, ToxicityAnswer, LabelAnswer):
        verdict = ANSWER.model_copy(
            update={"urgency": urgency, "toxicity": toxicity, "label": label}
        )
        settled = settle(decision, verdict, core[2])
        assert settled.queue is Queue.PRIORITY
        assert settled.routing.toxic >= decision.routing.toxic


def test_no_injection_attempt_talks_an_urgent_ticket_down(core: Core) -> None:
    """Whatever the attempt makes the language model say: here, what every one of them wants."""
    attempts = injection_attempts()
    assert len(attempts) >= 200
    decisions = decide(core, *(f"My card was stolen. {text}" for text in attempts.values()))
    for name, decision in zip(attempts, decisions, strict=True):
        assert decision.queue is Queue.PRIORITY, name
        assert settle(decision, ANSWER, core[2]).queue is Queue.PRIORITY, name


def test_abuse_that_only_the_language_model_sees_is_for_a_person_to_judge(core: Core) -> None:
    (decision,) = decide(core, PASSWORD)
    abuse = ANSWER.model_copy(update={"toxicity": ToxicityAnswer.THREAT})
    settled = settle(decision, abuse, core[2])
    assert settled.queue is Queue.REVIEW
    assert settled.review_reasons == (ReviewReason.DISAGREEMENT,)
    assert not settled.routing.toxic


def test_an_intent_that_the_text_contradicts_is_for_a_person_to_judge(core: Core) -> None:
    (decision,) = decide(core, PASSWORD)
    contradicted = ANSWER.model_copy(update={"label": LabelAnswer.CONTRADICTS})
    settled = settle(decision, contradicted, core[2])
    assert settled.queue is Queue.REVIEW
    assert settled.review_reasons == (ReviewReason.CONTRADICTION,)


@pytest.mark.parametrize("text", ["stolen", PASSWORD, "blah", f"you are an idiot {PASSWORD}"])
def test_silence_of_the_language_model_changes_nothing_but_the_mark(core: Core, text: str) -> None:
    (decision,) = decide(core, text)
    settled = settle(decision, NO_ANSWER, core[2])
    assert settled.degraded
    assert ReviewReason.DEGRADED in settled.review_reasons
    assert settled.routing == decision.routing
    assert settled.findings == decision.findings


def test_a_drawn_ticket_is_checked_by_a_person_and_waits_for_none(core: Core) -> None:
    queues = {}
    for text in ("stolen", PASSWORD, f"you are a worthless idiot {PASSWORD}", "password delivery"):
        (decision,) = decide(core, text)
        audited = replace(decision, audit=True)
        assert ReviewReason.AUDIT in audited.review_reasons
        assert audited.routing == decision.routing
        queues[decision.queue] = audited.queue
    assert queues == {
        Queue.PRIORITY: Queue.PRIORITY,
        Queue.STANDARD: Queue.REVIEW,
        Queue.TOXIC: Queue.TOXIC,
        Queue.REVIEW: Queue.REVIEW,
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=20))
def test_any_texts_give_one_decision_each_in_order(core: Core, texts: list[str]) -> None:
    texts = [text.replace("\x00", "x") for text in texts]
    marked = [
        f"{text} {'stolen ' * 40 if n % 2 else 'password ' * 40}" for n, text in enumerate(texts)
    ]
    decisions = decide(core, *marked)
    assert len(decisions) == len(texts)
    assert all(
        decision.prediction.label.intent == ("card_stolen" if n % 2 else "password_reset")
        for n, decision in enumerate(decisions)
    )


def test_a_ticket_is_decided_alike_alone_and_among_others(core: Core) -> None:
    crowd = [f"{word} {'filler ' * n}" for n in range(20) for word in ("stolen", "password", "x")]
    together = decide(core, *crowd)
    for text, decision in zip(crowd, together, strict=True):
        (alone,) = decide(core, text)
        assert alone.queue is decision.queue
        assert alone.prediction.confidence == pytest.approx(decision.prediction.confidence)


def test_a_triaged_ticket_carries_position_reasons_and_versions(core: Core) -> None:
    model, rules, policy = core
    ticket = RawTicket(text="stolen", attributes={"tier": "gold"})
    (decision,) = triage([ticket], *core)
    record = Record("tickets.raw", 3, 1042, 0, b"K-1", b"", ())
    message = triaged_ticket(
        ticket,
        decision,
        model=model.reference,
        rules_version=rules.version,
        policy_version=policy.version,
        decided_at=datetime.now(UTC),
        record=record,
    )
    assert message.event_id == "tickets.raw:3:1042"
    assert message.ticket_id == "K-1"
    assert message.model == model.reference
    assert message.attributes == {"tier": "gold"}
    assert TriagedTicket.model_validate_json(message.model_dump_json()) == message


@pytest.mark.parametrize(
    ("key", "ticket_id"),
    [
        (b"k" * 256, "k" * 256),
        (b"k" * 257, "tickets.raw:0:7"),
        (b"k\x00", "tickets.raw:0:7"),
        (b"", "tickets.raw:0:7"),
        (None, "tickets.raw:0:7"),
    ],
    ids=["longest", "too long", "NUL", "empty", "none"],
)
def test_a_key_that_is_no_ticket_id_gives_way_to_the_position(
    core: Core, key: bytes | None, ticket_id: str
) -> None:
    model, rules, policy = core
    ticket = RawTicket(text="stolen")
    message = triaged_ticket(
        ticket,
        triage([ticket], *core)[0],
        model=model.reference,
        rules_version=rules.version,
        policy_version=policy.version,
        decided_at=datetime.now(UTC),
        record=Record("tickets.raw", 0, 7, 0, key, b"", ()),
    )
    assert message.ticket_id == ticket_id
