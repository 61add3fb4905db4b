"""What redaction hides, what it leaves for a reader to judge by, and what it costs."""

from __future__ import annotations

import time

import pytest

from stream_app.redaction import Kind, redact

HIDDEN = [
    ("IBAN gb82 west 1234 5698 7654 32 please", "IBAN [IBAN] please"),
    ("write to jo.smith+x@mail.example.com.", "write to [EMAIL]"),
    ("jo @ example . com is mine", "[EMAIL] is mine"),
    ("it is jo (at) example.com", "it is [EMAIL]"),
    ("ask jo at example dot com", "ask [EMAIL]"),
    ("mail john.smith at example.com.", "mail [EMAIL]."),
    ("it is j.smith AT gmail.com", "it is [EMAIL]"),
    ("write to john at yahoo.co.uk please", "write to [EMAIL] please"),
    ("full width jo\uff20example.com", "full width [EMAIL]"),
    ("tell @jo_smith about it", "tell [HANDLE] about it"),
    ("see https://bank.example/reset?token=abc now", "see [LINK] now"),
    ("call +44 20 7946 0958", "call [PHONE]"),
    ("call (020) 7946-0958 today", "call [PHONE] today"),
    ("call 07700900123", "call [PHONE]"),
    ("account 12345678 at 12-34-56", "account [ACCOUNT] at [ACCOUNT]"),
    ("born on 04/07/1981", "born on [DATE]"),
    ("I live at SW1A 1AA", "I live at [ADDRESS]"),
    ("it went to SW1A 1AA", "it went to [POSTCODE]"),
    ("i live at sw1a 2aa", "i live at [POSTCODE]"),
    ("it went to m11ae, not Ls1 4dy", "it went to [POSTCODE], not [POSTCODE]"),
    ("my PIN is 1234", "my PIN is [CODE]"),
    ("the code that came by text was 4821", "the code that came by text was [CODE]"),
    ("cvv 123", "cvv [CODE]"),
    ("9911 is my pin", "[CODE] is my pin"),
    ("my password is hunter2", "my password is [CODE]"),
    ("password: swordfish", "password: [CODE]"),
    ("key 7Kq2-PzW9-xLm4-Rt8v", "key [ACCOUNT]"),
    ("my name is Jane O'Brien and", "my name is [NAME] and"),
    ("MY NAME IS JANE DOE", "MY NAME IS [NAME]"),
    ("my name is jane doe", "my name is [NAME]"),
    ("Dear Mr J. Smith, hello", "Dear [NAME], hello"),
    ("I'm Jane Doe from Leeds", "I'm [NAME] from Leeds"),
    ("Please help.\nKind regards,\njane doe\n", "Please help.\nKind regards,\n[NAME]\n"),
    ("Help me. Thanks, Jane", "Help me. Thanks, [NAME]"),
    ("Best wishes\nJane Doe\nSent from a phone", "Best wishes\n[NAME]\nSent from a phone"),
    ("thanks\njane", "thanks\n[NAME]"),
    ("Hello Jane,\nwhere is it", "Hello [NAME],\nwhere is it"),
    ("jo  @  example  .  com is mine", "[EMAIL] is mine"),
    ("jo [@] example.com, jo -at- example.com", "[EMAIL], [EMAIL]"),
    ("jo_at_example.com or jo-at-example-dot-com", "[EMAIL] or [EMAIL]"),
    ("jo&#64;example.com", "[EMAIL]"),
    ("jo (dot) smith (at) example (dot) com", "[EMAIL]"),
    ("jo dot smith at company.com", "[EMAIL]"),
    ("john1981 at company.com", "[EMAIL]"),
    ('"jo smith"@example.com', "[EMAIL]"),
    ("see linkedin.com/in/jane-doe now", "see [LINK] now"),
    ("acct 1234567 \u00a350 missing", "acct [ACCOUNT] \u00a350 missing"),
    ("account no 12,34,56,78", "account no [ACCOUNT]"),
    ("account 1234x5678", "account [ACCOUNT]"),
    ("sort 12:34:56", "sort [ACCOUNT]"),
    ("phone 020,7946,0958", "phone [PHONE]"),
    ("07700\n900\n123", "[PHONE]"),
    ("020 ... 7946 ... 0958", "[PHONE]"),
    ("O7700 9OO 123", "[PHONE]"),
    ("55OO OOOO OOOO OOO4", "[CARD]"),
    ("4 July 1981 or July 4th, 1981", "[DATE] or [DATE]"),
    ("DOB 1/2/80", "DOB [DATE]"),
    ("on 2024-05-01 12:30:45", "on [DATE] 12:30:45"),
    ("\uff30\uff29\uff2e\uff1a\uff14\uff18\uff12\uff11", "\uff30\uff29\uff2e\uff1a[CODE]"),
    ("pw hunter2, my password's hunter2", "pw [CODE], my password's [CODE]"),
    ("passwords: hunter2, swordfish9", "passwords: [CODE] [CODE]"),
    ("my password is blue monkey and it fails", "my password is [CODE] and it fails"),
    ("passphrase is correct horse battery staple", "passphrase is [CODE]"),
    ("my PIN, set in 2019, is 4821", "my PIN, set in [CODE], is [CODE]"),
    ("PIN from 1234 to 4821", "PIN from [CODE] to [CODE]"),
    ("codes 123,4567", "codes [CODE],[CODE]"),
    ("CVV no. 123, pin (4 digits): 4821", "CVV no. [CODE], pin (4 digits): [CODE]"),
    ("4821 (my PIN)", "[CODE] (my PIN)"),
    ("My name is Jan van der Berg and", "My name is [NAME] and"),
    ("Mr de la Cruz, Mr\u00a0Smith\u2011Jones", "Mr [NAME], Mr\u00a0[NAME]"),
    ("My name is Jose\u0301 Garci\u0301a", "My name is [NAME]"),
    ("my name is \u092a\u094d\u0930\u093f\u092f\u093e", "my name is [NAME]"),
    ("the name on the card is Jane Doe", "the name on the card is [NAME]"),
    ("Yours sincerely,\nVincent van Gogh", "Yours sincerely,\n[NAME]"),
]

LEFT = [
    "I paid \u00a35,000.00 and EUR 12500 and 12500 euros, 24 hours ago",
    "charged $49.99 twice in 2024 at 12:30:45",
    "my card ending 1234 was declined 3 times",
    "My name is misspelt on the card",
    "my password is wrong and the code is invalid",
    "I am VERY ANGRY and I'm British",
    "Thanks.\nMy card was stolen",
    "Thanks.\nStill waiting",
    "Please help, thanks\nIt is urgent",
    "Thanks, but this does not help me at all",
    "I waited at the branch for 45 minutes, 1,250,000 people did",
    "Hello I need my card",
    "I bought it at example.com and paid at example.co.uk, e.g. at 3 p.m. at example.com",
    "a ps5 at example.com for 4.50 at example.org",
    "my ps5 2nd hand, an m2 8gb, an se2 3rd gen, the b2 4th floor, m1 2pm, e5 3kg",
    "50, 50, 100, 250, 400. We're in Leeds, it said 30, 12, 450, 100, 200",
    "\u00a31,000.00 - \u00a32,000.00 - \u00a33,000.00, or \u00a3812.15, \u00a3903.17, \u00a3411.99",
    "open between 10:00-12:00 & 14:00-16:00",
    "CHF 12500, 150000 JPY and 19.99 + 19.99",
    "the code for a transfer of 3,200 came at 4.10",
    "This is Very Urgent. I am Locked Out. I Am Being Robbed Right Now",
    "Please help. Thanks\nURGENT",
    "Dear Sirs, with my MS I can't hold the phone",
    "MY NAME IS SPELT WRONG",
    "my password is breached, my pin is compromised/stolen",
    "my password is hacked\u2014help, the passcode is denied",
    "I bought gas @ Shell. Somebody cloned my card",
    "",
]


@pytest.mark.parametrize(("text", "expected"), HIDDEN, ids=[expected for _, expected in HIDDEN])
def test_personal_data_is_replaced_by_its_kind(text: str, expected: str) -> None:
    assert redact(text).text == expected


@pytest.mark.parametrize("text", LEFT)
def test_what_a_ticket_is_judged_by_stays(text: str) -> None:
    assert redact(text).text == text


def test_the_kinds_are_told_in_order() -> None:
    assert redact("mail jo@example.com or call 07700900123").kinds == (Kind.EMAIL, Kind.PHONE)


HOSTILE = {
    "digits apart": "1 ",
    "digits": "1",
    "digits and letters": "1a",
    "IBAN candidates": "AB12",
    "broken IBANs": "GB82 WEST 1234 5698 7654 33 ",
    "at signs": "a@",
    "letters": "a",
    "capitals": "Ab ",
    "introductions": "my name is ",
    "secrets": "pin is ",
    "codes in a row": "pin 1234 ",
    "passwords in a row": "pw-1234x, ",
    "pass phrases": "passphrase is blue ",
    "accounts apart": "account 1, 2, ",
    "phones apart": "020, 7946 ",
    "born": "born 1 may ",
    "markup": "&nbsp;<br>",
    "half tags": "<a ",
    "letters O": "O0",
    "particles": "Mr van der ",
    "names on cards": "name on the card is ",
    "links": "a.b/",
    "closings": "thanks\n",
    "brackets": "(at",
    "spelled addresses": "a at b dot ",
    "addresses with at": "a.bc at d.ef ",
    "long words": "a.b_c-",
    "half postcodes": "sw1a 2",
    "amounts": "12345\u20ac",
    "told groups": "4111 of ",
    "told counts": "4111 of 1 ",
    "passwords announced": "pwd is ",
    "passwords from afar": "password for a ",
    "users": "login:",
    "quoted passwords": "pass word 'a ",
    "titles": "Dr A. ",
    "titles alone": "Dr ",
    "relatives": "my wife A ",
    "houses": "1 Aa ",
    "small houses": "1 aa bb ",
    "towns": "1 A St, A ",
    "addresses": "I live at A ",
    "addresses in a row": "address:",
    "extensions": "ext 1",
    "words in addresses": "a underscore b ",
    "letters apart": "a b ",
    "letters apart with signs": "a @ ",
    "quotes": "'",
    "net addresses": "1.1.1.1",
    "long net addresses": "a:1:",
    "full width": "\u00e9\uff11",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_time_grows_with_length_and_no_faster(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        taken = []
        for _ in range(3):
            begin = time.thread_time()
            redact(text)
            taken.append(time.thread_time() - begin)
        return min(taken)

    seconds(100)
    assert seconds(20_000) < 30 * seconds(2_000) + 0.005
