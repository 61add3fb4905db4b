"""No card number and no IBAN survives redaction, however it is written."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_letters

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stream_app.redaction import Kind, redact
from stream_app.redaction.cards import MOST_LETTERS
from stream_app.redaction.ibans import LENGTHS
from tests.unit.redaction.numbers import card_numbers, ibans, luhn_digit, spaced

NO_DIGITS = st.text(
    st.characters(codec="utf-8").filter(
        lambda character: not any(map(str.isdigit, unicodedata.normalize("NFKC", character)))
    ),
    max_size=30,
)


def digits_of(text: str) -> str:
    """Every digit of `text` in order, of whatever script, as ASCII."""
    return "".join(
        str(unicodedata.digit(part))
        for part in unicodedata.normalize("NFKC", text)
        if unicodedata.digit(part, None) is not None
    )


def alphanumerics_of(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).upper()


@st.composite
def text_with(draw: st.DrawFn, number: str, around: st.SearchStrategy[str]) -> str:
    return draw(around) + draw(spaced(number)) + draw(around)


@settings(max_examples=200)
@given(data=st.data(), card=card_numbers())
def test_no_digits_of_a_card_number_are_left_in_a_text_without_other_digits(
    data: st.DataObject, card: str
) -> None:
    text = data.draw(text_with(card, NO_DIGITS))
    assert digits_of(redact(text).text) == ""


@settings(max_examples=200)
@given(data=st.data(), card=card_numbers())
@example(data=None, card="0" * 16)
def test_a_card_number_among_other_digits_is_not_left_between_two_words(
    data: st.DataObject | None, card: str
) -> None:
    around = st.text("0123456789 -.,a\n", max_size=25)
    text = data.draw(text_with(card, around)) if data else f"00 {card} 0"
    for run in re.split(r"[^\W\d_]{2,}", redact(text).text):
        assert card not in digits_of(run)


@settings(max_examples=200)
@given(data=st.data(), iban=ibans(LENGTHS))
def test_an_iban_is_never_left(data: st.DataObject, iban: str) -> None:
    text = data.draw(text_with(iban, st.text(max_size=30)))
    assert iban not in alphanumerics_of(redact(text).text)


@pytest.mark.parametrize("text", ["DK54 000A 00AA AAAA AA0", "my ibanDK54000A00AAAAAAAA"])
def test_an_iban_of_few_digits_is_found_beside_other_letters(text: str) -> None:
    assert "00AAAA" not in alphanumerics_of(redact(text).text)


@settings(max_examples=50)
@given(digits=st.text("0123456789", min_size=11, max_size=18))
def test_a_number_that_fails_the_check_is_hidden_all_the_same(digits: str) -> None:
    card = digits + str((int(luhn_digit(digits)) + 1) % 10)
    assert digits_of(redact(f"My number is {card}, thanks").text) == ""


@settings(max_examples=200)
@given(text=st.text(max_size=200))
def test_any_text_can_be_redacted_and_a_second_time_finds_no_card_or_iban(text: str) -> None:
    again = redact(redact(text).text)
    assert not {Kind.CARD, Kind.IBAN} & set(again.kinds)


def test_what_stands_beside_a_card_number_goes_with_it() -> None:
    redacted = redact("Card 4111 1111 1111 1111 12/29 123, please block it")
    assert redacted.text == "Card [CARD], please block it"


def test_both_halves_of_a_number_around_a_letter_are_one_number() -> None:
    assert redact("4111x1111x1111x1111").text == "[CARD]"


TOLD = st.text(ascii_letters + "\u00e9\u00df\u0436\u4e2d" + " .,;:-()'\"!?/\n", max_size=80).filter(
    lambda words: sum(map(str.isalpha, words)) <= MOST_LETTERS and not re.search("[oO]{3}", words)
)
"""Free text up to the bound. Three letters O in a row are read as zeros."""


@settings(max_examples=300)
@given(
    body=st.text("0123456789", min_size=15, max_size=15),
    words=st.tuples(TOLD, TOLD, TOLD),
    before=st.sampled_from(["it starts ", "since 2023: ", "4111, no: "]),
)
@example(
    body="411111111111111",
    words=(", the next four are ", ", then ", ", and the last four are "),
    before="The first four are ",
)
@example(
    body="411111111111111",
    words=(", continues with ", ", goes on with ", " and finishes with "),
    before="starts with ",
)
@example(
    body="411111111111111",
    words=(" (that is the first group) ", " (second) ", " (third) "),
    before="",
)
@example(body="411111111111111", words=("x" * MOST_LETTERS, "\u4e2d" * 40, "."), before="")
def test_a_card_number_in_its_printed_groups_with_words_between_is_hidden(
    body: str, words: tuple[str, str, str], before: str
) -> None:
    card = body + luhn_digit(body)
    groups = [card[start : start + 4] for start in range(0, 16, 4)]
    gaps = [f" {gap} " for gap in words]
    text = f"{before}{groups[0]}{gaps[0]}{groups[1]}{gaps[1]}{groups[2]}{gaps[2]}{groups[3]} ok"
    assert digits_of(redact(text).text) in digits_of(before)


@pytest.mark.parametrize(
    "text",
    [
        "The first 4 digits are 4111, the next 4 are 1111, then 1111 and the last 4: 1111",
        "4111 (1st group) 1111 (2nd) 1111 (3rd) 1111 (4th)",
        "4111 1111 then 1111 and 1111",
        "3056 and then 930902 and then 5904",
        "4 1 1 1, then 1 1 1 1, then 1 1 1 1, then 1 1 1 1",
    ],
)
def test_numbers_of_the_groups_and_other_layouts_hide_no_card_number(text: str) -> None:
    redacted = redact(text)
    assert Kind.CARD in redacted.kinds
    assert not re.search(r"\d{4}", redacted.text)


def test_a_number_of_fifteen_digits_in_its_printed_groups_is_hidden_too() -> None:
    text = "my card is 3782 and then 822463 and then 10005, thanks"
    assert redact(text).text == "my card is [CARD], thanks"
