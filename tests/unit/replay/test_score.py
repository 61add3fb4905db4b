"""The verdict on a replay counts what is lost, twice, or in two queues."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.replay.score import ReplayReport, Result, Tally, accuracy, macro_f1


def result(number: int, queue: str = "standard", intent: str | None = "a") -> Result:
    return Result(f"raw:0:{number}", f"t{number}", queue, intent, timestamp=1_000 + 10 * number)


def report_on(*results: Result, tickets: int = 4) -> ReplayReport:
    tally = Tally({f"t{number}": "a" for number in range(tickets)})
    for one in results:
        tally.add(one)
    sent_at = {f"t{number}": 1_000 for number in range(tickets)}
    return tally.report(data="test", sent_at=sent_at, seconds=2.0, model=None)


def test_all_back_once_is_conserved() -> None:
    report = report_on(
        result(0), result(1, "priority"), result(2, "review"), result(3, "dlq", None)
    )
    assert report.conserved
    assert report.routed == {"priority": 1, "toxic": 0, "review": 1, "standard": 1}
    assert (report.dead_lettered, report.lost, report.duplicates) == (1, 0, 0)
    assert report.accuracy == 0.75
    assert report.throughput_per_s == 2.0
    assert report.latency_ms is not None
    assert report.latency_ms.p50 == 15.0


def test_a_missing_result_is_lost_and_counts_as_wrong() -> None:
    report = report_on(result(0), result(1), result(2))
    assert report.lost == 1
    assert report.accuracy == 0.75
    assert not report.conserved


def test_a_redelivered_copy_is_a_duplicate_and_still_conserved() -> None:
    report = report_on(result(0), result(0), result(1), result(2), result(3))
    assert report.duplicates == 1
    assert report.conserved


def test_a_copy_in_another_queue_is_no_conservation() -> None:
    report = report_on(result(0), result(0, "review"), result(1), result(2), result(3))
    assert report.in_several_queues == 1
    assert not report.conserved


def test_results_of_others_are_passed_over() -> None:
    tally = Tally({"t0": "a"})
    assert not tally.add(result(7))
    assert not tally.complete


def test_macro_f1_weighs_every_label_alike() -> None:
    truth = ["a"] * 98 + ["b"] * 2
    assert accuracy(truth, ["a"] * 100) == 0.98
    assert macro_f1(truth, ["a"] * 100) == pytest.approx((2 * 98 / 198) / 2)


@given(pairs=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1))
def test_scores_lie_between_none_and_all(pairs: list[tuple[str, str]]) -> None:
    truth, predicted = [a for a, _ in pairs], [b for _, b in pairs]
    assert 0.0 <= macro_f1(truth, predicted) <= 1.0
    assert macro_f1(truth, truth) == accuracy(truth, truth) == 1.0
