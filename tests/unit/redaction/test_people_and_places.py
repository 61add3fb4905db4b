"""Names that somebody announces and where people are to be found are hidden; other words stay."""

from __future__ import annotations

import pytest

from stream_app.redaction import Kind, redact

HIDDEN = [
    ("account holder: Jane Doe", "account holder: [NAME]"),
    ("account holder is Jane Doe", "account holder is [NAME]"),
    ("my husband's name is John Smith", "my husband's name is [NAME]"),
    ("my wife is called Jane Doe", "my wife is called [NAME]"),
    ("my wife is called jane doe and she", "my wife is called [NAME] and she"),
    ("my son Theo needs one", "my son [NAME] needs one"),
    ("my mother is Jane Doe", "my mother is [NAME]"),
    ("The card is in the name of Jane Doe", "The card is in the name of [NAME]"),
    ("It is urgent. Regards Jane Doe", "It is urgent. Regards [NAME]"),
    ("It is urgent. Kind regards jane", "It is urgent. Kind regards [NAME]"),
    ("It is urgent. Thanks Jane Doe.", "It is urgent. Thanks [NAME]."),
    ("Mr Smith Mrs Jones", "Mr [NAME] Mrs [NAME]"),
    ("my address is 4 Privet Drive, Little Whinging", "my address is [ADDRESS]"),
    ("I live at 14 Rosewood Close in Leeds", "I live at [ADDRESS]"),
    (
        "I live at 14 Rosewood Close in Leeds and my card is lost",
        "I live at [ADDRESS] and my card is lost",
    ),
    ("my new address is flat 2 the old mill, york", "my new address is [ADDRESS]"),
    ("Address: Rose Cottage, St. Mary's Road, Leeds. Help", "Address: [ADDRESS]. Help"),
    ("send it to 221b Baker St, please", "send it to [ADDRESS], please"),
    ("send it to 12 high street, please", "send it to [ADDRESS], please"),
    ("it went to 5 Elm Rd.\nLeeds\nPlease help", "it went to [ADDRESS]\nPlease help"),
    ("call 555 123 4567 ext. 8901", "call [ACCOUNT] ext. [PHONE]"),
    ("jo underscore smith at gmail dot com", "[EMAIL]"),
    ("jo hyphen smith at my hyphen bank dot co dot uk", "[EMAIL]"),
    ("jo underscore smith at gmail.com", "[EMAIL]"),
    ("it is j o h n @ g m a i l . c o m and no other", "it is [EMAIL] and no other"),
    ("it is j o h n @ gmail.com and no other", "it is [EMAIL] and no other"),
    ("john@g m a i l . c o m", "[EMAIL]"),
    ("ip 10.0.0.1.", "ip [IP]."),
    ("my IP address is 10.0.0.1", "my IP address is [IP]"),
    ("from fe80::1ff:fe23:890a at 12:30:45", "from [IP] at 12:30:45"),
    ("2001:db8:0:0:0:8a2e:370:7334", "[IP]"),
]

LEFT = [
    "the account holder is deceased",
    "my husband's name is misspelt on the card",
    "My husband is British, my wife I trust",
    "MY FATHER WAS A CUSTOMER",
    "it is in the name of my wife",
    "with regards to this",
    "THANK YOU SO MUCH",
    "I bought it at Best Buy",
    "my address is wrong on the statement",
    "MY ADDRESS IS WRONG",
    "I live at home with 2 kids",
    "the blog goes live at 8, then it is too late",
    "I waited 10 minutes on the high street, 3 times close to closing",
    "2 hours drive and 5 minutes walk",
    "app 4.2.1 crashes, std::vector, a :: b, at 12:30:45",
    "an extension of 30 days, extension 14 days",
]


@pytest.mark.parametrize(("text", "expected"), HIDDEN, ids=[text for text, _ in HIDDEN])
def test_who_and_where_somebody_is_is_hidden_where_it_is_announced_or_has_its_form(
    text: str, expected: str
) -> None:
    assert redact(text).text == expected


@pytest.mark.parametrize("text", LEFT)
def test_words_that_name_nobody_and_no_place_stay(text: str) -> None:
    assert redact(text).text == text


def test_an_address_is_told_from_other_kinds() -> None:
    text = "I live at 4 Privet Drive. Write to jo@example.com from 10.0.0.1"
    assert redact(text).kinds == (Kind.ADDRESS, Kind.EMAIL, Kind.IP)
