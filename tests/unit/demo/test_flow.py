from __future__ import annotations

import pytest

from stream_app.demo.flow import FOR_ITS_DELAY, FOR_THE_CHANGE, interval_s


@pytest.mark.parametrize("remaining", [1, FOR_THE_CHANGE, 1_000])
def test_without_a_second_model_the_records_flow_at_the_wanted_rate(remaining: int) -> None:
    assert interval_s(remaining, rate=10.0, waiting=False) == pytest.approx(0.1)
    assert interval_s(remaining, rate=None, waiting=False) == 0.0


def test_the_last_records_wait_longer_and_longer_for_the_second_model() -> None:
    intervals = [
        interval_s(remaining, rate=10.0, waiting=True)
        for remaining in (FOR_THE_CHANGE + 1, FOR_THE_CHANGE, FOR_ITS_DELAY)
    ]
    assert intervals[0] == pytest.approx(0.1)
    assert intervals == sorted(set(intervals))


def test_a_slow_rate_is_never_sped_up() -> None:
    assert interval_s(5, rate=0.01, waiting=True) == 100.0
