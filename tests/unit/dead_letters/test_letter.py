from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas import ErrorCode
from stream_app.dead_letters import read_letter
from stream_app.messages import Record, Refusal, dead_letter_record

HEADERS = st.lists(st.tuples(st.text(max_size=10), st.none() | st.binary(max_size=20)), max_size=5)


@given(st.none() | st.binary(), st.none() | st.binary(), HEADERS)
def test_a_dead_letter_gives_back_the_original_record(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    source = Record("raw", 3, 42, 1_000, key, value, tuple(headers))
    dead = dead_letter_record("dlq", source, Refusal(ErrorCode.NOT_JSON, "no JSON"))

    letter = read_letter(Record("dlq", 0, 7, 2_000, dead.key, dead.value, tuple(dead.headers)))

    assert letter is not None
    original = letter.original()
    assert (original.topic, original.key, original.value) == ("raw", key, value)
    assert original.headers == headers
    assert letter.error.event_id == source.event_id


def test_error_headers_that_the_source_itself_had_are_its_own() -> None:
    own = (("__dlq.errors.topic", b"elsewhere"), ("a", b"b"))
    source = Record("raw", 3, 42, 1_000, None, b"x", own)
    dead = dead_letter_record("dlq", source, Refusal(ErrorCode.NOT_JSON, "no JSON"))
    copied = (*dead.headers, ("added.by.a.copying.tool", b"1"))

    letter = read_letter(Record("dlq", 0, 7, 2_000, dead.key, dead.value, copied))

    assert letter is not None
    assert letter.error.topic == "raw"
    assert letter.original().headers == [*own, ("added.by.a.copying.tool", b"1")]


def test_a_record_without_error_headers_is_no_letter() -> None:
    assert read_letter(Record("dlq", 0, 7, 2_000, None, b"x", (("a", None),))) is None


def test_keys_that_are_not_utf8_are_shown_with_escapes() -> None:
    source = Record("raw", 0, 0, 0, b"k\xff", None, ())
    dead = dead_letter_record("dlq", source, Refusal(ErrorCode.TOMBSTONE, "no value"))

    letter = read_letter(Record("dlq", 0, 0, 0, dead.key, dead.value, tuple(dead.headers)))

    assert letter is not None
    assert letter.key_text == "k\\xff"
    assert letter.size == 0
