"""Every value is either a ticket or one refusal; nothing makes the decoder raise."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ErrorCode, RawTicket
from stream_app.messages import Refusal, decode


def _json(**fields: object) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, ErrorCode.TOMBSTONE),
        (b"", ErrorCode.NOT_JSON),
        (b"My card was stolen", ErrorCode.NOT_JSON),
        (b'{"text": "cut off', ErrorCode.NOT_JSON),
        (b'{"text": "half a surrogate \\ud83d"}', ErrorCode.NOT_JSON),
        (b'{"text": "caf\xe9"}', ErrorCode.INVALID_UTF8),
        (b'\xff\xfe{"text"', ErrorCode.INVALID_UTF8),
        (b"[1, 2]", ErrorCode.NOT_AN_OBJECT),
        (b'"text"', ErrorCode.NOT_AN_OBJECT),
        (b"null", ErrorCode.NOT_AN_OBJECT),
        (b"{}", ErrorCode.TEXT_MISSING),
        (_json(ticket_id="T-1"), ErrorCode.TEXT_MISSING),
        (_json(text=""), ErrorCode.TEXT_EMPTY),
        (_json(text=" \n\t\u00a0"), ErrorCode.TEXT_EMPTY),
        (_json(text="a" * 20_001), ErrorCode.TEXT_TOO_LONG),
        (_json(text="a" * 5_000_000), ErrorCode.TEXT_TOO_LONG),
        (_json(text="a\x00b"), ErrorCode.NUL_CHARACTER),
        (_json(text="a", channel="a\x00b"), ErrorCode.NUL_CHARACTER),
        (_json(text="a", customer_id="a\x00b"), ErrorCode.NUL_CHARACTER),
        (_json(text="a", attributes={"a\x00b": "c"}), ErrorCode.NUL_CHARACTER),
        (_json(text="a", attributes={"b": "a\x00c"}), ErrorCode.NUL_CHARACTER),
        (b'{"text": "half an emoji \\ud83d"}', ErrorCode.NOT_JSON),
        (b'{"text": "a\x00b"}', ErrorCode.NUL_CHARACTER),
        (_json(text=42), ErrorCode.INVALID_FIELD),
        (_json(text=None), ErrorCode.INVALID_FIELD),
        (_json(text=["a"]), ErrorCode.INVALID_FIELD),
        (_json(text="a", ticket_id=7), ErrorCode.INVALID_FIELD),
        (_json(text="a", created_at="yesterday"), ErrorCode.INVALID_FIELD),
        (_json(text="a", created_at="2026-03-01T09:30:00"), ErrorCode.INVALID_FIELD),
        (_json(text="a", attributes={"tier": 1}), ErrorCode.INVALID_FIELD),
    ],
)
def test_bad_input_is_refused_with_its_code(value: bytes | None, code: ErrorCode) -> None:
    item = decode(value)
    assert isinstance(item, Refusal)
    assert item.code is code


def test_a_full_ticket_is_read_and_unknown_fields_pass() -> None:
    item = decode(
        _json(
            text="Hello, my card was stolen",
            ticket_id="T-1",
            subject="help",
            created_at="2026-03-01T09:30:00Z",
            attributes={"tier": "gold"},
            sla_hours=4,
        )
    )
    assert isinstance(item, RawTicket)
    assert item.attributes == {"tier": "gold"}


@given(value=st.one_of(st.binary(), st.text().map(str.encode), st.none()))
def test_no_bytes_make_the_decoder_raise(value: bytes | None) -> None:
    assert isinstance(decode(value), RawTicket | Refusal)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    fields=st.fixed_dictionaries(
        {"text": JSON_VALUES},
        optional=dict.fromkeys(
            ("ticket_id", "subject", "channel", "created_at", "attributes"), JSON_VALUES
        ),
    )
)
def test_no_json_object_makes_the_decoder_raise(fields: dict[str, object]) -> None:
    assert isinstance(decode(json.dumps(fields).encode()), RawTicket | Refusal)


@given(secret=st.text("abcdefghij", min_size=12, max_size=40))
def test_a_refusal_never_repeats_the_customers_text(secret: str) -> None:
    values = [
        f'{{"text": "{secret}'.encode(),
        secret.encode(),
        _json(text=[secret]),
        _json(text="a", attributes={secret: 1}),
        _json(text="a", ticket_id={secret: secret}),
        _json(text="a", created_at=secret),
    ]
    for value in values:
        item = decode(value)
        assert isinstance(item, Refusal)
        assert secret not in item.message


@given(
    text=st.text(min_size=1, max_size=200).filter(lambda text: text.strip() and "\x00" not in text)
)
def test_any_text_with_content_comes_through_unchanged(text: str) -> None:
    item = decode(json.dumps({"text": text}, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if any("\ud800" <= character <= "\udfff" for character in text):
        assert isinstance(item, Refusal)
    else:
        assert isinstance(item, RawTicket)
        assert item.text == text
