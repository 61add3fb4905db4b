"""Hypothesis strategies for records that are no raw tickets; each is wrong by its making."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tests.verifier import Sent


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _truncated(text: str, share: float) -> bytes:
    whole = _json({"ticket_id": "T-1", "text": text})
    return whole[: max(1, int(len(whole) * share))]


NAMES = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=8)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=60)
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1e9, 1e9)
NO_TEXT = SCALARS | st.lists(WORDS, max_size=3) | st.dictionaries(NAMES, WORDS, max_size=3)

VALUES = st.one_of(
    st.none(),
    st.just(b""),
    st.binary(max_size=200).map(lambda noise: b"\xff" + noise),
    st.binary(max_size=200).map(lambda noise: b"{" + noise + b"\x00"),
    WORDS.map(lambda words: b"!" + words.encode()),
    st.builds(_truncated, WORDS, st.floats(0.01, 0.95)),
    WORDS.map(lambda words: b'{"text": "' + b"\xc3\x28" + words.encode() + b'"}'),
    NO_TEXT.filter(lambda value: not isinstance(value, dict)).map(_json),
    WORDS.map(_json),
    st.dictionaries(NAMES.filter(lambda name: name != "text"), WORDS, max_size=4).map(_json),
    NO_TEXT.map(lambda value: _json({"text": value})),
    st.text(" \t\n\r\u00a0\u2003", max_size=20).map(lambda blank: _json({"text": blank})),
    WORDS.map(lambda words: _json({"text": f"{words}\x00"})),
    WORDS.map(lambda words: _json({"text": words * (20_001 // len(words) + 1)})),
    st.tuples(WORDS, NO_TEXT.filter(lambda value: value is not None)).map(
        lambda pair: _json({"text": f"help {pair[0]}", "ticket_id": pair[1]})
    ),
)

RECORDS = st.builds(
    Sent,
    key=st.none() | st.binary(min_size=1, max_size=20),
    value=VALUES,
    headers=st.lists(st.tuples(NAMES, st.none() | st.binary(max_size=20)), max_size=3).map(tuple),
)
