import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, ValidationError
from pydantic import BaseModel
from pydantic import ValidationError as ModelError

from schemas import DeadLetter, Feedback, ModelEvent, RawTicket, TriagedTicket
from schemas.contracts import contracts
from schemas.examples import FEEDBACK, RAW_TICKET, TRIAGED_TICKET
from schemas.headers import event_headers
from tests.contract.strategies import (
    dead_letters,
    feedback,
    model_events,
    raw_tickets,
    triaged_tickets,
)

VALIDATORS = {contract.name: Draft202012Validator(contract.schema) for contract in contracts()}


def _on_the_wire(message: BaseModel) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(message.model_dump_json())
    return parsed


def _text(headers: list[tuple[str, bytes]]) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}


@given(raw_tickets)
def test_every_raw_ticket_fits_its_schema_and_survives_the_wire(ticket: RawTicket) -> None:
    VALIDATORS["raw_ticket"].validate(_on_the_wire(ticket))
    assert RawTicket.model_validate_json(ticket.model_dump_json()) == ticket


@given(feedback)
def test_every_feedback_fits_its_schema_and_survives_the_wire(message: Feedback) -> None:
    VALIDATORS["feedback"].validate(_on_the_wire(message))
    assert Feedback.model_validate_json(message.model_dump_json()) == message


@given(model_events)
def test_every_model_event_fits_its_schema_and_survives_the_wire(event: ModelEvent) -> None:
    VALIDATORS["model_event"].validate(_on_the_wire(event))
    assert ModelEvent.model_validate_json(event.model_dump_json()) == event


@given(triaged_tickets)
def test_every_triaged_ticket_and_its_headers_fit_their_schemas(ticket: TriagedTicket) -> None:
    VALIDATORS["triaged_ticket"].validate(_on_the_wire(ticket))
    VALIDATORS["triaged_ticket_headers"].validate(_text(event_headers(ticket)))


@given(dead_letters)
def test_every_dead_letter_fits_its_schema_and_reads_back(letter: DeadLetter) -> None:
    VALIDATORS["dead_letter_headers"].validate(_text(letter.to_headers()))
    assert DeadLetter.from_headers(letter.to_headers()) == letter


@pytest.mark.parametrize(
    "edit",
    [
        {"text": None},
        {"text": ""},
        {"text": 7},
        {"text": "x" * 20_001},
        {"ticket_id": ""},
        {"ticket_id": 20418},
        {"subject": "x" * 1_001},
        {"channel": ["email"]},
        {"attributes": {"vip": True}},
        {"attributes": {str(number): "" for number in range(65)}},
    ],
    ids=str,
)
def test_what_the_raw_schema_refuses_the_model_refuses_too(edit: dict[str, Any]) -> None:
    message = _on_the_wire(RAW_TICKET) | edit
    with pytest.raises(ValidationError):
        VALIDATORS["raw_ticket"].validate(message)
    with pytest.raises(ModelError):
        RawTicket.model_validate_json(json.dumps(message))


@pytest.mark.parametrize("name", sorted(_on_the_wire(TRIAGED_TICKET)))
def test_consumers_can_count_on_every_field_of_a_triaged_ticket(name: str) -> None:
    message = _on_the_wire(TRIAGED_TICKET)
    del message[name]
    with pytest.raises(ValidationError):
        VALIDATORS["triaged_ticket"].validate(message)


@pytest.mark.parametrize("name", sorted(_text(event_headers(TRIAGED_TICKET))))
def test_consumers_can_count_on_every_header_of_a_triaged_ticket(name: str) -> None:
    headers = _text(event_headers(TRIAGED_TICKET))
    del headers[name]
    with pytest.raises(ValidationError):
        VALIDATORS["triaged_ticket_headers"].validate(headers)


def test_a_newer_sender_may_add_fields() -> None:
    for name, message in (("raw_ticket", RAW_TICKET), ("feedback", FEEDBACK)):
        VALIDATORS[name].validate(_on_the_wire(message) | {"mood": "bright"})
