"""Hypothesis strategies for messages made by the models."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from schemas import (
    DeadLetter,
    ErrorCode,
    Feedback,
    Finding,
    Guardrail,
    IntentScore,
    ModelEvent,
    ModelEventKind,
    ModelReference,
    Priority,
    Queue,
    RawTicket,
    Severity,
    ShadowCounts,
    SourcePosition,
    Span,
    TextField,
    TriagedTicket,
)

_words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
_texts = _words.filter(lambda text: bool(text.strip()))
_identifiers = _texts
_times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_attributes = st.dictionaries(_words, _words, max_size=4)
_positions = st.integers(0, 2**63 - 1)
_probabilities = st.floats(0, 1).map(lambda value: round(value, 4))

raw_tickets = st.builds(
    RawTicket,
    text=_texts,
    ticket_id=st.none() | _identifiers,
    subject=st.none() | _words,
    channel=st.none() | _words,
    customer_id=st.none() | _identifiers,
    created_at=st.none() | _times,
    attributes=_attributes,
)

_findings = st.builds(
    Finding,
    guardrail=st.sampled_from(Guardrail),
    rule=_texts,
    severity=st.sampled_from(Severity),
    field=st.sampled_from(TextField),
    span=st.none() | st.builds(Span, start=_positions, end=_positions),
)

_models = st.builds(
    ModelReference,
    name=_texts,
    version=_texts,
    digest=st.binary(min_size=32, max_size=32).map(lambda digest: f"sha256:{digest.hex()}"),
)

triaged_tickets = st.builds(
    TriagedTicket,
    event_id=_identifiers,
    ticket_id=_identifiers,
    text=_texts,
    subject=st.none() | _words,
    channel=st.none() | _words,
    customer_id=st.none() | _identifiers,
    created_at=st.none() | _times,
    attributes=_attributes,
    queue=st.sampled_from(Queue),
    intent=_texts,
    category=_texts,
    priority=st.sampled_from(Priority),
    confidence=_probabilities,
    alternatives=st.lists(
        st.builds(IntentScore, intent=_texts, confidence=_probabilities), max_size=3
    ),
    urgent=st.booleans(),
    toxic=st.booleans(),
    needs_review=st.booleans(),
    findings=st.lists(_findings, max_size=3),
    model=_models,
    rules_version=_texts,
    policy_version=_texts,
    source=st.none()
    | st.builds(
        SourcePosition, topic=_identifiers, partition=st.integers(0, 999), offset=_positions
    ),
    decided_at=_times,
)

dead_letters = st.builds(
    DeadLetter,
    event_id=_identifiers,
    topic=_identifiers,
    partition=st.integers(0, 999),
    offset=_positions,
    timestamp=st.integers(-1, 2**63 - 1),
    stage=_texts,
    code=st.sampled_from(ErrorCode),
    message=_texts,
)

_seconds = st.floats(0, 1e6)

model_events = st.builds(
    ModelEvent,
    event_id=_identifiers,
    kind=st.sampled_from(ModelEventKind),
    worker=_texts,
    at=_times,
    registered_model=st.none() | _texts,
    alias=st.none() | _texts,
    version=st.none() | st.integers(1, 10**6),
    serving=_models,
    before=st.none() | _models,
    reason=st.none() | _texts,
    seconds=st.none() | _seconds,
    shadow=st.none()
    | st.builds(
        ShadowCounts, scored=_positions, agreed=_positions, dropped=_positions, seconds=_seconds
    ),
)

_corrections = st.fixed_dictionaries(
    {
        "intent": st.none() | _texts,
        "priority": st.none() | st.sampled_from(Priority),
        "queue": st.none() | st.sampled_from(Queue),
    }
)

feedback = st.builds(
    lambda corrections, **fields: Feedback(
        **fields, **corrections, confirmed=not any(corrections.values())
    ),
    _corrections,
    event_id=_identifiers,
    ticket_id=_identifiers,
    text=_texts,
    given_by=_identifiers,
    given_at=_times,
)
