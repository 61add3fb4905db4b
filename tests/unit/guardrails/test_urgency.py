"""Urgency goes by what has happened and not by the words that are used."""

from __future__ import annotations

import pytest

from schemas import Guardrail, Severity
from stream_app.guardrails import load_rules

RULES = load_rules()


def _kinds(text: str) -> set[str]:
    return {
        finding.rule.split(".")[0]
        for finding in RULES.inspect(text)
        if finding.guardrail is Guardrail.URGENCY and finding.severity is Severity.FLAG
    }


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("account_takeover", "Somebody grabbed my purse at the fair, both cards were in it."),
        ("account_takeover", "My mailbox was hijacked and the PIN has been reset since."),
        ("account_takeover", "The cash machine at the pier swallowed my card"),
        ("money_at_risk", "A shoe shop took 70 today. I ordered nothing there."),
        ("money_at_risk", "Sent 300 to the wrong IBAN a minute ago, please pull it back"),
        ("locked_out", "Card refused, we are at the toll and the kids have had no dinner"),
        ("vulnerable_customer", "My husband keeps my card and I am not allowed to see the account"),
        ("deadline", "The auction house wants it by 4 pm, otherwise the bid is gone"),
        ("legal_or_regulator", "The tribunal expects your letter by Tuesday"),
        ("self_harm", "He left a goodbye letter and took some pills"),
    ],
)
def test_harm_that_grows_is_found_without_the_word_urgent(kind: str, text: str) -> None:
    assert kind in _kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "My card was stolen in June and they are still spending",
        "Last year that was sorted, now my card is stolen",
        "My account was hacked in March and now again",
        "My card was stolen weeks ago, you blocked it, but today someone paid 900 with it",
        "My card was stolen this morning and the thief found my PIN in the wallet",
        "Which number do I call, my card was just stolen",
        "What can I do, my card was stolen",
        "what should I do my account got hacked",
        "How do I block my card that was stolen an hour ago",
        "I'd like to know why someone withdrew 500 from my account, I never made this withdrawal",
        "I found my phone again last week, now my wallet is stolen",
    ],
)
def test_a_question_or_the_past_in_the_same_sentence_hides_no_emergency(text: str) -> None:
    assert _kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "There is a gas leak in the flat",
        "My flat is the one on fire",
        "I know the man who did it and he has my keys",
        "I opened this account in March. The money is draining away",
        "It is not pressing I suppose, but my purse is not in the drawer",
    ],
)
def test_a_statement_is_not_taken_for_a_question_or_for_the_past(text: str) -> None:
    assert not any(finding.rule.startswith("no_case.") for finding in RULES.inspect(text))


@pytest.mark.parametrize(
    "text",
    [
        "URGENT!!! In which colours does the card come?",
        "What happens if somebody hacks my account one day?",
        "Suppose a machine swallowed my card abroad, would you send a new one?",
        "My wallet was stolen two years ago and it was all sorted within a day, thanks again.",
        "I will write to the ombudsman if the fee stays.",
        "Those fees are daylight robbery.",
        "Which court do your terms name? It is for my thesis.",
        "The top-up that I made at noon is not there.",
    ],
)
def test_loud_words_alone_are_not_urgent(text: str) -> None:
    assert not _kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "It's not urgent, but somebody ordered three phones with my account today.",
        "I know you are busy. My phone was stolen, the app was open.",
    ],
)
def test_playing_it_down_does_not_hide_what_has_happened(text: str) -> None:
    assert _kinds(text)
