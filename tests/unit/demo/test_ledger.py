from __future__ import annotations

from schemas import Queue
from stream_app.demo.arrivals import Arrival, Kind
from stream_app.demo.ledger import Ledger, Miss
from stream_app.demo.outcome import Outcome
from tests.unit.demo.conftest import TOPICS, dead, decided, routed

URGENT = Arrival(Kind.URGENT, b"T-1", b"{}")
ABUSIVE = Arrival(Kind.ABUSIVE, b"T-2", b"{}")
BROKEN = Arrival(Kind.BROKEN, b"B-1", b"\xff\x00", (("exporter", b"x"), ("empty", None)))
ALL = [URGENT, ABUSIVE, BROKEN]

TO_PRIORITY = routed(decided(Queue.PRIORITY, key="T-1"))
TO_TOXIC = routed(decided(Queue.TOXIC, key="T-2", toxic=True))
TO_DLQ = dead(BROKEN)


def ledger_of(*outcomes: Outcome) -> Ledger:
    ledger = Ledger(ALL, TOPICS.raw)
    for outcome in outcomes:
        ledger.add(outcome)
    return ledger


def test_one_outcome_for_each_record_balances() -> None:
    ledger = ledger_of(TO_PRIORITY, TO_TOXIC, TO_DLQ)
    balance = ledger.balance()
    assert ledger.complete
    assert balance.holds
    assert balance.routed == {"priority": 1, "toxic": 1, "review": 0, "standard": 0}
    assert (balance.sent, balance.dead_lettered, balance.dead_letters_intact) == (3, 1, 1)
    assert balance.misses == []


def test_a_record_without_an_outcome_is_lost() -> None:
    ledger = ledger_of(TO_PRIORITY, TO_DLQ)
    balance = ledger.balance()
    assert not ledger.complete
    assert not balance.holds
    assert balance.lost == 1
    assert balance.misses == [Miss(ticket_id="T-2", kind=Kind.ABUSIVE, queue=None)]


def test_a_second_outcome_of_a_record_is_a_duplicate() -> None:
    elsewhere = routed(decided(Queue.REVIEW, key="T-1"))
    balance = ledger_of(TO_PRIORITY, TO_TOXIC, TO_DLQ, elsewhere).balance()
    assert not balance.holds
    assert balance.duplicates == 1


def test_an_outcome_of_nothing_that_was_sent_breaks_the_balance() -> None:
    stranger = routed(decided(Queue.STANDARD, key="T-9"))
    balance = ledger_of(TO_PRIORITY, TO_TOXIC, TO_DLQ, stranger).balance()
    assert not balance.holds
    assert balance.unexpected == 1


def test_a_dead_letter_must_be_the_record_byte_for_byte() -> None:
    changed_value = dead(BROKEN, value=b"\xff")
    fewer_headers = dead(Arrival(Kind.BROKEN, BROKEN.key, BROKEN.value, BROKEN.headers[:1]))
    without_error_headers = Outcome("dlq", 0, BROKEN.key, None, None)
    for letter in (changed_value, fewer_headers, without_error_headers):
        balance = ledger_of(TO_PRIORITY, TO_TOXIC, letter).balance()
        assert balance.dead_letters_intact == 0
        assert not balance.holds


def test_a_good_ticket_in_the_dead_letter_queue_balances_and_is_a_miss() -> None:
    balance = ledger_of(dead(URGENT), TO_TOXIC, TO_DLQ).balance()
    assert balance.holds
    assert balance.misses == [Miss(ticket_id="T-1", kind=Kind.URGENT, queue="dlq")]


def test_an_abusive_ticket_in_priority_counts_only_where_its_abuse_was_seen() -> None:
    for toxic, as_meant in ((True, 1), (False, 0)):
        urgent_too = routed(decided(Queue.PRIORITY, key="T-2", toxic=toxic))
        balance = ledger_of(TO_PRIORITY, urgent_too, TO_DLQ).balance()
        assert balance.by_kind[Kind.ABUSIVE].as_meant == as_meant
        assert len(balance.misses) == 1 - as_meant


def test_the_moment_at_which_another_model_took_over_is_told() -> None:
    first = routed(decided(Queue.REVIEW, key="T-1", version="1"), at_ms=1_000)
    second = routed(decided(Queue.TOXIC, key="T-2", toxic=True, version="2"), at_ms=1_120)
    balance = ledger_of(second, first).balance()
    assert [(use.model.version, use.decided, use.review) for use in balance.models] == [
        ("1", 1, 1),
        ("2", 1, 0),
    ]
    assert [(change.model.version, change.gap_ms) for change in balance.changes] == [("2", 120)]


def test_a_ticket_that_was_only_drawn_for_the_audit_is_not_one_that_the_model_was_unsure_of() -> (
    None
):
    audited = routed(decided(Queue.REVIEW, key="T-1", audit=True))
    [use] = ledger_of(audited, TO_TOXIC, TO_DLQ).balance().models
    assert use.review == 0


def test_one_model_alone_is_no_change() -> None:
    assert ledger_of(TO_PRIORITY, TO_TOXIC, TO_DLQ).balance().changes == []
