"""Folding reads disguised words and never loses the place in the original."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.guardrails.folding import Folder
from stream_app.guardrails.spelling import Spelling

SPELLING = Spelling(
    words=("kill", "ass", "women", "idiot", "scum"),
    glue=("all", "you"),
    plain=frozenset({"ilk"}),
    emoji={"\U0001f52a": "knife", "\U0001f469": "women", "\U0001f3f3\U0001f308": "gay people"},
)
FOLDER = Folder(frozenset({"kill", "ass"}), SPELLING)
TRICKY = st.text(
    st.sampled_from("aaklsS1$@0ßéİﬁ\u200b\u0301\u2019 .!*-#🙂🔪👩𝓚Σ£")
    | st.characters(codec="utf-8")
) | st.lists(
    st.sampled_from(["kil", "kill", "all", "k i l l", "a.s.s", "scmu", "womn", "🔪", "#", "*", " "])
).map("".join)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("FuCK", "fuck"),
        ("sh1t $hit a55", "shit shit ass"),
        ("24h for $500, order 12034", "24h for $500, order 12034"),
        ("fuuuuck killlll", "fuck kill"),
        ("zero\u200bwidth caf\u00e9 don\u2019t", "zerowidth cafe don't"),
        ("\uff26\uff55\uff4c\uff4c \U0001d4ea", "full a"),
        # Look-alikes of other scripts: Cyrillic, Greek, small capitals, flags.
        ("k\u0456ll \u0455\u0441um \u03b1ss", "kill scum ass"),
        ("\u1d0b\u026a\u029f\u029f \U0001f1f0\U0001f1ee\U0001f1f1\U0001f1f1", "kill kill"),
        # Letters apart, and signs between them
        ("I k i l l i.d.i.o.t id-iot id!ot", "i kill idiot idiot idiot"),
        ("plan A B C, U.S.A., e-mail, a.m.", "plan a b c, u.s.a., e-mail, a.m."),
        # Letters hidden, dropped, doubled or swapped, and words written as one
        ("s*um k**l w\U0001f31fmen", "scum kill women"),
        ("womn scmu idiiot ilk", "women scum idiot ilk"),
        ("killall youscum wallpaper", "kill all you scum wallpaper"),
        (
            "#KillAllWomen #killallwomen #MyBank",
            "# kill all women".replace("# k", "#k") + " #kill all women #my bank",
        ),
        ("\U0001f52a\U0001f469\U0001f3fd", " knife  women"),
        ("\U0001f3f3\ufe0f\u200d\U0001f308!", " gay people !"),
    ],
)
def test_folding_undoes_common_disguises(text: str, folded: str) -> None:
    assert FOLDER.fold(text).text == folded


@pytest.mark.parametrize(
    ("text", "word", "original"),
    [
        ("so k i l l it", "kill", "k i l l"),
        ("such womn here", "women", "womn"),
        ("we killall now", "kill", "kill"),
        ("we killall now", "all", "all"),
        ("a \U0001f469\U0001f3fd b", "women", "\U0001f469\U0001f3fd"),
        ("#KillAll", "all", "All"),
        ("an id-i.ot", "idiot", "id-i.ot"),
    ],
)
def test_a_word_in_disguise_is_found_at_its_place(text: str, word: str, original: str) -> None:
    folded = FOLDER.fold(text)
    at = folded.text.index(word)
    start, end = folded.original_span(at, at + len(word))
    assert text[start:end] == original


@given(TRICKY)
def test_the_original_of_a_folded_word_folds_to_that_word(text: str) -> None:
    folded = FOLDER.fold(text)
    for word in re.finditer(r"\w+", folded.text):
        start, end = folded.original_span(*word.span())
        assert 0 <= start < end <= len(text)
        assert word[0] in FOLDER.fold(text[start:end]).text
