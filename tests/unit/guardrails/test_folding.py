"""Folding reads disguised words and never loses the place in the original."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.guardrails.folding import Folder

FOLDER = Folder(frozenset({"kill", "ass"}))
TRICKY = st.text(
    st.sampled_from("aaklsS1$@0ßéİﬁ\u200b\u0301\u2019 .!🙂𝓚Σ£") | st.characters(codec="utf-8")
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("FuCK", "fuck"),
        ("sh1t $hit a55", "shit shit ass"),
        ("24h for $500, order 12034", "24h for $500, order 12034"),
        ("fuuuuck killlll", "fuck kill"),
        ("zero\u200bwidth caf\u00e9 don\u2019t", "zerowidth cafe don't"),
        ("\uff26\uff55\uff4c\uff4c \U0001d4ea", "full a"),
    ],
)
def test_folding_undoes_common_disguises(text: str, folded: str) -> None:
    assert FOLDER.fold(text).text == folded


@given(TRICKY)
def test_the_original_of_a_folded_word_folds_to_that_word(text: str) -> None:
    folded = FOLDER.fold(text)
    for word in re.finditer(r"\w+", folded.text):
        start, end = folded.original_span(*word.span())
        assert 0 <= start < end <= len(text)
        assert word[0] in FOLDER.fold(text[start:end]).text
