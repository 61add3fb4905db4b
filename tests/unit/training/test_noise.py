from __future__ import annotations

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.labelled_data import Example
from training.noise import (
    KEPT_OUT,
    KINDS,
    MEASURED,
    TRAINED,
    Kind,
    Wording,
    augmented,
    load_wording,
    noised_test,
    training_noise,
)

TICKET = "Why was I charged twice for my transfer, and when do I get the money back?"
TEST_WORDING = load_wording("test")
TEXTS = st.text(min_size=1, max_size=200).filter(lambda text: bool(text.strip()))


def _phrases(wording: Wording) -> set[str]:
    listed = (
        *wording.greetings,
        *wording.preambles,
        *wording.sign_offs,
        *wording.names,
        *wording.footers,
        *wording.emoji,
        *wording.fillers,
    )
    return {phrase.lower().strip(" .!?") for phrase in listed}


@pytest.mark.parametrize("kind", get_args(Kind))
@given(text=TEXTS, seed=st.integers())
def test_no_kind_of_noise_empties_a_ticket(kind: Kind, text: str, seed: int) -> None:
    assert KINDS[kind](text, random.Random(seed), TEST_WORDING).strip()


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_changes_an_ordinary_ticket_in_nearly_every_draw(kind: Kind) -> None:
    changed = sum(
        KINDS[kind](TICKET, random.Random(seed), TEST_WORDING) != TICKET for seed in range(200)
    )
    assert changed >= 190


@pytest.mark.parametrize("kind", ["typos", "casing", "line_breaks", "punctuation"])
@given(seed=st.integers())
def test_noise_inside_a_ticket_leaves_its_length_about_as_it_was(kind: Kind, seed: int) -> None:
    struck = KINDS[kind](TICKET, random.Random(seed), TEST_WORDING)
    assert abs(len(struck) - len(TICKET)) <= 9


def test_wrapping_keeps_the_ticket_word_for_word() -> None:
    wording = load_wording("training")
    for seed in range(50):
        chance = random.Random(seed)
        assert KINDS["preamble"](TICKET, chance, wording).endswith(TICKET)
        assert KINDS["sign_off"](TICKET, chance, wording).startswith(TICKET)


def test_training_and_measurement_share_no_phrase_and_no_chat_spelling() -> None:
    training, test = load_wording("training"), load_wording("test")
    assert not _phrases(training) & _phrases(test)
    spellings = [
        {spelling for forms in wording.chat.values() for spelling in forms}
        for wording in (training, test)
    ]
    assert not spellings[0] & spellings[1]


def test_the_kinds_kept_out_never_reach_training() -> None:
    assert set(KEPT_OUT) == set(MEASURED) - set(TRAINED)
    wording = load_wording("training")
    assert not wording.emoji
    assert not wording.fillers


def test_every_measured_ticket_is_noised_and_keeps_its_intent_and_place() -> None:
    rows = tuple(Example(text=f"{TICKET} {number}", intent=str(number)) for number in range(300))
    noised = noised_test(rows, seed=5)
    assert [row.intent for row in noised] == [row.intent for row in rows]
    assert not [row for row, copy in zip(rows, noised, strict=True) if row.text == copy.text]


def test_a_ticket_that_hardly_any_noise_can_change_is_noised_all_the_same() -> None:
    rows = tuple(Example(text="pin", intent="x") for _ in range(500))
    assert all(row.text != "pin" for row in noised_test(rows, seed=5))


def test_a_kind_that_finds_no_hold_in_a_ticket_leaves_it() -> None:
    rows = (Example(text="pin", intent="x"),)
    assert noised_test(rows, seed=5, kind="line_breaks") == rows


def test_the_measured_copy_is_the_same_for_a_seed_and_another_for_another() -> None:
    rows = tuple(Example(text=TICKET, intent="x") for _ in range(20))
    assert noised_test(rows, seed=5) == noised_test(rows, seed=5)
    assert noised_test(rows, seed=5) != noised_test(rows, seed=6)


def test_about_the_wanted_share_of_training_rows_is_noised() -> None:
    texts = [TICKET] * 1_000
    noised = augmented(texts, training_noise(), share=0.6, chance=random.Random(3))
    assert 520 <= sum(text != TICKET for text in noised) <= 660


@pytest.mark.parametrize("word", ["W\u0130TH", "w\u0131th", "plea\u017fe"])
def test_a_word_in_letters_that_only_case_makes_the_same_is_left_alone(word: str) -> None:
    """A dotted capital I, a dotless i, a long s."""
    wording = load_wording("training")
    for seed in range(20):
        assert word in KINDS["chat"](f"can i pay {word} card", random.Random(seed), wording)
