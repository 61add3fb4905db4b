from __future__ import annotations

import json
from collections import Counter

from schemas import ErrorCode, RawTicket
from stream_app.demo.arrivals import Kind, arrivals, broken_records, own_tickets
from stream_app.messages import Refusal, decode
from training.starter_set import load_starter


def test_every_own_ticket_is_a_raw_ticket_and_does_not_tell_its_kind() -> None:
    for ticket in own_tickets():
        assert isinstance(decode(ticket.value), RawTicket)
        assert "kind" not in json.loads(ticket.value or b"")


def test_the_broken_records_show_every_way_to_be_refused() -> None:
    refusals = [decode(record.value) for record in broken_records()]
    codes = {refusal.code for refusal in refusals if isinstance(refusal, Refusal)}
    assert codes == set(ErrorCode)
    assert all(isinstance(refusal, Refusal) for refusal in refusals)


def test_a_few_hundred_records_of_every_kind_each_with_a_key_of_its_own() -> None:
    records = arrivals()
    counts = Counter(record.kind for record in records)
    assert len(records) > 250
    assert min(counts[kind] for kind in Kind) >= 10
    assert len({record.key for record in records}) == len(records)


def test_no_text_is_used_twice_and_none_is_in_the_starter_set() -> None:
    texts = [json.loads(ticket.value or b"")["text"] for ticket in own_tickets()]
    assert len(set(texts)) == len(texts)
    assert set(texts).isdisjoint(example.text for example in load_starter().train)


def test_the_order_is_mixed_and_the_same_every_time() -> None:
    assert arrivals() == arrivals()
    assert [record.kind for record in arrivals(40)] != sorted(
        record.kind for record in arrivals(40)
    )


def test_fewer_tickets_keep_every_broken_record() -> None:
    counts = Counter(record.kind is Kind.BROKEN for record in arrivals(20))
    assert counts == {False: 20, True: len(broken_records())}


def test_the_oversized_record_can_be_left_out() -> None:
    sizes = [len(record.value or b"") for record in arrivals(oversized=False)]
    assert max(sizes) < 10_000
    assert len(sizes) == len(arrivals()) - 1
