from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_app.terminal_text import one_line, visible


def test_escape_sequences_are_shown_and_not_obeyed() -> None:
    assert visible("\x1b]0;owned\x07\tline\nnext") == "\\x1b]0;owned\\x07\tline\nnext"


@given(st.text(), st.integers(min_value=1, max_value=100))
def test_any_text_fits_on_one_printable_line(text: str, width: int) -> None:
    line = one_line(text, width)

    assert len(line) <= width
    assert line.isprintable()


def test_a_text_that_was_cut_ends_in_an_ellipsis() -> None:
    assert one_line("a  b\nc", 5) == "a b c"
    assert one_line("abcdef", 5) == "abcd…"
    assert one_line(" " * 5_000 + "x", 5).endswith("…")
