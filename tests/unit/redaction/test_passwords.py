"""Passwords, phrases and codes are hidden wherever they are announced, and complaints stay."""

from __future__ import annotations

import pytest

from stream_app.redaction import redact

HIDDEN = [
    ("My password for the app is Hunter2!", "My password for the app is [CODE]"),
    (
        "My password for online banking is Sunshine99",
        "My password for online banking is [CODE]",
    ),
    ("the password on my account is Hunter2", "the password on my account is [CODE]"),
    ("my password for the app is swordfish", "my password for the app is [CODE]"),
    ("my password, Hunter2!, is not accepted", "my password, [CODE], is not accepted"),
    ("my password, Swordfish, is not accepted", "my password, [CODE], is not accepted"),
    ('my password "swordfish" fails', 'my password "[CODE]" fails'),
    ("Password for app: Hunter2!", "Password for app: [CODE]"),
    ("Password for app: swordfish\nPlease help", "Password for app: [CODE]\nPlease help"),
    (
        "My online banking password used to be Sunshine99",
        "My online banking password used to be [CODE]",
    ),
    ("the password that I use is Swordfish", "the password that I use is [CODE]"),
    ("the password is not as before, it is Hunter2", "the password is not as before, it is [CODE]"),
    ("login: jsmith pass: Hunter2!", "login: [CODE] pass: [CODE]"),
    ("my username is jsmith and it fails", "my username is [CODE] and it fails"),
    ("secret question: fluffy", "secret question: [CODE]"),
    ("memorable information is fluffy", "memorable information is [CODE]"),
    ("recovery words: apple banana cherry", "recovery words: [CODE]"),
    ("recovery words: 1. apple, 2. banana, 3. cherry", "recovery words: [CODE]"),
    ("my three digits on the back are 737", "my three digits on the back are [CODE]"),
    ("3 digit number on the back: 737", "3 digit number on the back: [CODE]"),
    ("security digits 737", "security digits [CODE]"),
    ("737 are my security digits", "[CODE] are my security digits"),
    ("verification code abc123", "verification code [CODE]"),
    ("the code that came was abc123 I think", "the code that came was [CODE] I think"),
    ("code 4829xy", "code [CODE]"),
    ("code ab12", "code [CODE]"),
    ("mTAN 4829", "mTAN [CODE]"),
]

LEFT = [
    "my password is not accepted",
    "my password for the app does not work",
    "my password for the app is not accepted",
    "password reset is broken",
    "the password reset link has been sent twice",
    "the password page is non-responsive",
    "I cannot type my password in the app: screen freezes",
    "my password, email, and phone were changed",
    "the password field says it is WRONG",
    "I changed my password, 24hrs later it was blocked",
    "my username is blocked",
    'the PIN is "no longer valid"',
    "my recovery phrase is lost and I need help",
    "the code came at 10am, the second code 24hours later",
]


@pytest.mark.parametrize(("text", "expected"), HIDDEN, ids=[text for text, _ in HIDDEN])
def test_what_opens_an_account_is_hidden_however_it_is_announced(text: str, expected: str) -> None:
    assert redact(text).text == expected


@pytest.mark.parametrize("text", LEFT)
def test_a_complaint_about_a_password_stays(text: str) -> None:
    assert redact(text).text == text
