import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.contracts import contracts
from schemas.generate import GENERATED
from stream_app.settings import TopicSettings, WorkerSettings
from stream_app.topics import topic_specs

DOCUMENT = json.loads((GENERATED / "asyncapi.json").read_text(encoding="utf-8"))
CONTRACTS = {contract.name: contract.schema for contract in contracts()}

PAYLOADS = {
    "rawTicket": "raw_ticket",
    "triagedTicket": "triaged_ticket",
    "feedback": "feedback",
    "modelEvent": "model_event",
}
HEADERS = {"triagedTicket": "triaged_ticket_headers", "deadLetter": "dead_letter_headers"}


def _at(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    found = root
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _spelled_out(node: Any, root: dict[str, Any]) -> Any:
    """`node` with every reference replaced by what it points at."""
    if isinstance(node, dict):
        beside = {
            name: _spelled_out(value, root)
            for name, value in node.items()
            if name not in ("$ref", "$defs", "$id", "$schema")
        }
        if "$ref" in node:
            return _spelled_out(_at(node["$ref"], root), root) | beside
        return beside
    if isinstance(node, list):
        return [_spelled_out(value, root) for value in node]
    return node


def test_the_document_has_the_members_that_asyncapi_3_requires() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert set(operation["channel"]) == {"$ref"}
    for channel in DOCUMENT["channels"].values():
        assert channel["messages"]
        assert all(set(message) == {"$ref"} for message in channel["messages"].values())


def test_every_reference_points_at_something_in_the_document() -> None:
    references = set(_references(DOCUMENT))
    assert references
    for reference in references:
        assert reference.startswith("#/")
        assert _at(reference, DOCUMENT)


def test_the_channels_are_the_topics_of_the_default_settings() -> None:
    topics = TopicSettings()
    addresses = [channel["address"] for channel in DOCUMENT["channels"].values()]
    assert sorted(addresses) == sorted(spec.name for spec in topic_specs(topics))


def test_the_worker_receives_tickets_and_calls_and_sends_to_every_output() -> None:
    topics = TopicSettings()
    seen: dict[str, list[str]] = {"receive": [], "send": []}
    for operation in DOCUMENT["operations"].values():
        channel = _at(operation["channel"]["$ref"], DOCUMENT)
        seen[operation["action"]].append(channel["address"])
        for message in operation["messages"]:
            # An operation may only name messages of its own channel.
            assert message["$ref"].startswith(f"{operation['channel']['$ref']}/messages/")
    assert sorted(seen["receive"]) == sorted([topics.raw, topics.model_control])
    assert sorted(seen["send"]) == sorted([*topics.outputs, topics.model_events])


def test_the_default_consumer_group_is_that_of_the_settings() -> None:
    kafka = DOCUMENT["operations"]["receiveRawTicket"]["bindings"]["kafka"]
    assert kafka["groupId"]["default"] == WorkerSettings().consumer_group


@pytest.mark.parametrize(
    ("message", "part", "contract"),
    [
        *((message, "payload", contract) for message, contract in PAYLOADS.items()),
        *((message, "headers", contract) for message, contract in HEADERS.items()),
    ],
)
def test_the_document_and_the_schema_files_say_the_same(
    message: str, part: str, contract: str
) -> None:
    schema = CONTRACTS[contract]
    described = DOCUMENT["components"]["messages"][message][part]
    assert _spelled_out(described, DOCUMENT) == _spelled_out(schema, schema)


@pytest.mark.parametrize("message", DOCUMENT["components"]["messages"])
def test_every_message_has_an_example_that_fits_its_schemas(message: str) -> None:
    examples = DOCUMENT["components"]["messages"][message]["examples"]
    assert examples
    for example in examples:
        if message in PAYLOADS:
            Draft202012Validator(CONTRACTS[PAYLOADS[message]]).validate(example["payload"])
        if message in HEADERS:
            Draft202012Validator(CONTRACTS[HEADERS[message]]).validate(example["headers"])


def test_the_finding_of_the_example_marks_what_it_names() -> None:
    [example] = DOCUMENT["components"]["messages"]["triagedTicket"]["examples"]
    ticket = example["payload"]
    [finding] = ticket["findings"]
    assert ticket["text"][finding["span"]["start"] : finding["span"]["end"]] == "card was stolen"
