from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.compatibility import Schema, incompatibilities
from schemas.contracts import Direction, contracts

CONTRACTS = {contract.name: contract for contract in contracts()}

Edit = Callable[[Schema], object]


def _problems(name: str, edit: Edit) -> list[str]:
    """What the edited contract would break, as the check sees it."""
    contract = CONTRACTS[name]
    new = deepcopy(contract.schema)
    edit(new)
    old = contract.schema
    incoming = contract.direction is Direction.INCOMING
    writer, reader = (old, new) if incoming else (new, old)
    return [str(problem) for problem in incompatibilities(writer=writer, reader=reader)]


def _field(name: str, **keywords: object) -> Edit:
    """Set keywords of a property, anywhere in the schema by a path such as `Span.start`."""

    def edit(schema: Schema) -> None:
        *owner, field = name.split(".")
        holder = schema["$defs"][owner[0]] if owner else schema
        holder["properties"][field].update(keywords)

    return edit


def _replace(name: str, field_schema: Schema) -> Edit:
    return lambda schema: schema["properties"].update({name: field_schema})


def _remove(name: str) -> Edit:
    def edit(schema: Schema) -> None:
        del schema["properties"][name]
        schema["required"] = [other for other in schema["required"] if other != name]

    return edit


def _require(name: str) -> Edit:
    return lambda schema: schema["required"].append(name)


def _do_not_require(name: str) -> Edit:
    return lambda schema: schema["required"].remove(name)


def _enum(definition: str, *values: str) -> Edit:
    return lambda schema: schema["$defs"][definition].update(enum=list(values))


def _alternative(name: str, index: int, **keywords: object) -> Edit:
    return lambda schema: schema["properties"][name]["anyOf"][index].update(keywords)


BREAKS: dict[str, tuple[str, Edit, str]] = {
    "incoming: an optional field becomes required": (
        "raw_ticket", _require("ticket_id"), "ticket_id: is demanded",
    ),
    "incoming: a new required field": (
        "raw_ticket",
        lambda schema: (_replace("region", {"type": "string"})(schema), _require("region")(schema)),
        "region: is demanded",
    ),
    "incoming: a shorter text": ("raw_ticket", _field("text", maxLength=10_000), "text: maxLength"),
    "incoming: a longer shortest text": ("raw_ticket", _field("text", minLength=2), "text: minL"),
    "incoming: a limit where none was": (
        "feedback", _field("text", maxLength=20_000), "text: maxLength",
    ),
    "incoming: a pattern where none was": ("raw_ticket", _field("text", pattern="^T"), "text: pat"),
    "incoming: a format where none was": ("raw_ticket", _field("text", format="uri"), "text: form"),
    "incoming: another type": ("raw_ticket", _field("text", type="array"), "text: may be string"),
    "incoming: null no longer taken": (
        "raw_ticket", _replace("subject", {"type": "string"}), "subject: may be null",
    ),
    "incoming: a shorter nullable field": (
        "raw_ticket", _alternative("channel", 0, maxLength=32), "channel: maxLength",
    ),
    "incoming: fewer members of a map": (
        "raw_ticket", _field("attributes", maxProperties=8), "attributes: maxProperties",
    ),
    "incoming: other members of a map": (
        "raw_ticket",
        _field("attributes", additionalProperties={"type": "integer"}),
        "attributes.*: may be string",
    ),
    "incoming: a narrower enum": (
        "feedback", _enum("Priority", "low", "high"), "priority: may be 'medium'",
    ),
    "incoming: an enum where none was": (
        "feedback", _field("given_by", enum=["me"]), "given_by: any value may be sent",
    ),
    "incoming: closed to unknown fields, one field gone": (
        "raw_ticket",
        lambda schema: (_remove("channel")(schema), schema.update(additionalProperties=False)),
        "channel: may be sent",
    ),
    "outgoing: a field gone": ("triaged_ticket", _remove("text"), "text: is demanded"),
    "outgoing: a nested field gone": (
        "triaged_ticket",
        lambda schema: schema["$defs"]["Span"].update(properties={}, required=[]),
        "findings[].span.end: is demanded",
    ),
    "outgoing: a field no longer always there": (
        "triaged_ticket", _do_not_require("source"), "source: is demanded",
    ),
    "outgoing: a wider enum": (
        "triaged_ticket",
        _enum("Queue", "priority", "toxic", "review", "standard", "spam"),
        "queue: may be 'spam'",
    ),
    "outgoing: an enum opened": (
        "triaged_ticket", _replace("queue", {"type": "string"}), "queue: any value may be sent",
    ),
    "outgoing: a higher upper limit": (
        "triaged_ticket", _field("confidence", maximum=100.0), "confidence: maximum",
    ),
    "outgoing: a lower limit lifted": (
        "triaged_ticket", _field("Span.start", minimum=-1), "findings[].span.start: minimum",
    ),
    "outgoing: an integer becomes a number": (
        "triaged_ticket", _field("SourcePosition.offset", type="number"), "source.offset: may be",
    ),
    "outgoing: another type": (
        "triaged_ticket", _field("urgent", type="string"), "urgent: may be string",
    ),
    "outgoing: null where none was": (
        "triaged_ticket",
        _replace("text", {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        "text: may be null",
    ),
    "outgoing: another pattern": (
        "triaged_ticket", _field("ModelReference.digest", pattern="^md5:"), "model.digest: pattern",
    ),
    "outgoing: another format": (
        "triaged_ticket", _field("decided_at", format="date"), "decided_at: format",
    ),
    "outgoing: other items of a list": (
        "triaged_ticket", _field("alternatives", items={"type": "string"}), "alternatives[]: may",
    ),
    "outgoing: a header gone": (
        "triaged_ticket_headers", _remove("ce_queue"), "ce_queue: is demanded",
    ),
    "outgoing: a header's constant changed": (
        "triaged_ticket_headers",
        _field("ce_type", const="ticket.triaged.v2"),
        "ce_type: may be 'ticket.triaged.v2'",
    ),
    "outgoing: a new error code": (
        "dead_letter_headers",
        lambda schema: schema["properties"]["__dlq.errors.code"]["enum"].append("too_odd"),
        "__dlq.errors.code: may be 'too_odd'",
    ),
    "a keyword that the check does not know": (
        "raw_ticket", _field("text", contentEncoding="base64"), "text: cannot judge the keyword",
    ),
}  # fmt: skip

COMPATIBLE: dict[str, tuple[str, Edit]] = {
    "incoming: a new optional field": ("raw_ticket", _replace("region", {"type": "string"})),
    "incoming: a required field becomes optional": ("feedback", _do_not_require("text")),
    "incoming: a longer text": ("raw_ticket", _field("text", maxLength=40_000)),
    "incoming: any type": ("raw_ticket", _replace("channel", {})),
    "incoming: null taken too": (
        "feedback",
        _replace("text", {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]}),
    ),
    "incoming: a wider enum": ("feedback", _enum("Priority", "low", "medium", "high", "now")),
    "incoming: a field no longer read": (
        "raw_ticket", lambda schema: schema["properties"].pop("channel"),
    ),
    "outgoing: a new field": (
        "triaged_ticket",
        lambda schema: (_replace("mood", {"type": "string"})(schema), _require("mood")(schema)),
    ),
    "outgoing: a nullable field never null": (
        "triaged_ticket", _replace("subject", {"type": "string"}),
    ),
    "outgoing: a narrower enum": ("triaged_ticket", _enum("Severity", "flag")),
    "outgoing: a constant of the enum": ("triaged_ticket", _replace("queue", {"const": "toxic"})),
    "outgoing: tighter limits": ("triaged_ticket", _field("confidence", minimum=0.1, maximum=0.9)),
    "outgoing: an exclusive limit": ("triaged_ticket", _field("confidence", exclusiveMaximum=1.0)),
    "outgoing: a limit where none was": ("triaged_ticket", _field("text", maxLength=10)),
    "outgoing: a number becomes an integer": (
        "triaged_ticket", _field("confidence", type="integer"),
    ),
    "outgoing: a definition renamed": (
        "triaged_ticket",
        lambda schema: (
            schema["$defs"].update(Q=schema["$defs"].pop("Queue")),
            _replace("queue", {"$ref": "#/$defs/Q"})(schema),
        ),
    ),
    "outgoing: words only": ("triaged_ticket", _field("text", description="Other words.")),
}  # fmt: skip


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_contract_is_compatible_with_itself(name: str) -> None:
    assert _problems(name, lambda schema: None) == []


@pytest.mark.parametrize(("name", "edit", "reason"), BREAKS.values(), ids=BREAKS)
def test_a_break_is_found_and_named(name: str, edit: Edit, reason: str) -> None:
    problems = _problems(name, edit)
    assert len(problems) >= 1
    assert any(problem.startswith(reason) for problem in problems), problems


@pytest.mark.parametrize(("name", "edit"), COMPATIBLE.values(), ids=COMPATIBLE)
def test_a_compatible_change_is_let_through(name: str, edit: Edit) -> None:
    assert _problems(name, edit) == []


def test_a_recursive_schema_ends() -> None:
    def tree(limit: int) -> Schema:
        node = {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": limit},
                "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            },
        }
        return {"$ref": "#/$defs/Node", "$defs": {"Node": node}}

    assert incompatibilities(writer=tree(3), reader=tree(5)) == []
    assert incompatibilities(writer=tree(5), reader=tree(3))[0].path == "name"


_limit = st.integers(0, 3)


def _keywords(type_name: str, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries({"type": st.just(type_name)}, optional=optional)


_scalars = st.one_of(
    _keywords("string", minLength=_limit, maxLength=_limit, pattern=st.sampled_from(["^a", "b$"])),
    _keywords("integer", minimum=_limit, maximum=_limit, exclusiveMinimum=_limit),
    _keywords("number", minimum=_limit, maximum=_limit, exclusiveMaximum=_limit),
    _keywords("boolean"),
    _keywords("null"),
    st.fixed_dictionaries(
        {"enum": st.lists(st.sampled_from(["a", "ab", 1, 2.5, True, None]), min_size=1)}
    ),
    st.fixed_dictionaries({"const": st.sampled_from(["a", 0, 1, False])}),
    st.just({}),
)


def _nested(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    names = st.sampled_from("pqr")
    return st.one_of(
        _keywords("array", items=inner, minItems=_limit, maxItems=_limit),
        _keywords(
            "object",
            properties=st.dictionaries(names, inner, max_size=3),
            required=st.lists(names, max_size=2, unique=True),
            additionalProperties=st.just(False) | inner,
            maxProperties=_limit,
        ),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
    )


_schemas = st.recursive(_scalars, _nested, max_leaves=5)

_values = st.recursive(
    st.sampled_from(["", "a", "ab", "aab", "bbbb", 0, 1, 2, 4, -1, 0.5, 2.5, True, False, None]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("pqrs"), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def _edited(draw: st.DrawFn, schema: Schema) -> Schema:
    """`schema` with some keywords dropped or changed at random, deep down too."""
    edited: Schema = {}
    for keyword, value in schema.items():
        match draw(st.sampled_from(["keep", "keep", "keep", "drop", "loosen"])):
            case "drop" if keyword != "anyOf":
                continue
            case "loosen" if isinstance(value, int) and not isinstance(value, bool):
                edited[keyword] = value + draw(st.integers(-1, 1))
                continue
        if keyword in ("items", "additionalProperties") and isinstance(value, dict):
            edited[keyword] = draw(_edited(value))
        elif keyword == "anyOf":
            edited[keyword] = [draw(_edited(inner)) for inner in value]
        elif keyword == "properties":
            edited[keyword] = {name: draw(_edited(inner)) for name, inner in value.items()}
        else:
            edited[keyword] = value
    return edited


def _declares_all(schema: Schema, value: object) -> bool:
    """The check's one assumption: nothing is sent that the writer's schema does not declare."""
    if isinstance(value, list):
        return all(_declares_all(schema.get("items", {}), item) for item in value)
    if not isinstance(value, dict):
        return True
    if "anyOf" in schema:
        return all(_declares_all(inner, value) for inner in schema["anyOf"])
    others = schema.get("additionalProperties")
    return all(
        _declares_all(schema.get("properties", {}).get(name, others) or {}, member)
        for name, member in value.items()
    ) and all(name in schema.get("properties", {}) or isinstance(others, dict) for name in value)


@st.composite
def _meant_for(draw: st.DrawFn, schema: Schema) -> object:
    """A value of the kind that `schema` describes; its limits are left to chance."""
    if "anyOf" in schema:
        return draw(_meant_for(draw(st.sampled_from(schema["anyOf"]))))
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "string":
            return draw(st.sampled_from(["", "a", "ab", "aab"]))
        case "integer" | "number":
            return draw(st.integers(-1, 4))
        case "boolean":
            return draw(st.booleans())
        case "null":
            return None
        case "array":
            return draw(st.lists(_meant_for(schema.get("items", {})), max_size=3))
        case "object":
            declared = schema.get("properties", {})
            others = schema.get("additionalProperties")
            wanted = set(schema.get("required", [])) | draw(st.sets(st.sampled_from("pqrs")))
            return {
                name: draw(_meant_for(kind))
                for name in sorted(wanted)
                if isinstance(kind := declared.get(name, others), dict)
            }
    return draw(_values)


@settings(max_examples=300)
@given(st.data())
def test_what_is_judged_compatible_is_never_refused(data: st.DataObject) -> None:
    writer = data.draw(_schemas, "writer")
    reader = data.draw(_edited(writer) | _schemas, "reader")
    assume(not incompatibilities(writer=writer, reader=reader))
    values = st.lists(_meant_for(writer) | _values, min_size=20, max_size=20)
    sent = [
        value
        for value in data.draw(values, "values")
        if Draft202012Validator(writer).is_valid(value) and _declares_all(writer, value)
    ]
    # Schemas that no value fulfils say nothing of what is refused.
    assume(sent)
    for value in sent:
        Draft202012Validator(reader).validate(value)
