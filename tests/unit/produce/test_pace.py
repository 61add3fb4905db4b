from __future__ import annotations

import pytest

from stream_app.produce.pace import Pace


def test_records_are_due_evenly_from_the_start() -> None:
    pace = Pace(rate=4.0)

    assert [pace.wait_s(sent, elapsed_s=0.0) for sent in range(4)] == [0.0, 0.25, 0.5, 0.75]


def test_a_late_record_does_not_delay_the_next() -> None:
    pace = Pace(rate=10.0)

    assert pace.wait_s(3, elapsed_s=1.0) == 0.0
    assert pace.wait_s(11, elapsed_s=1.0) == pytest.approx(0.1)
