"""Only an unbroken run of refusals above the limit stops the worker."""

from __future__ import annotations

import pytest

from stream_app.errors import UserError
from stream_app.worker.dead_letter_run import DeadLetterRun


def test_a_run_up_to_the_limit_is_let_through_and_one_more_stops() -> None:
    run = DeadLetterRun(limit=3)
    for _ in range(3):
        run.refused("not JSON")
    with pytest.raises(UserError, match=r"4 records in a row.*not JSON"):
        run.refused("not JSON")


def test_a_good_record_ends_the_run() -> None:
    run = DeadLetterRun(limit=2)
    for _ in range(10):
        run.refused("not JSON")
        run.refused("not JSON")
        run.accepted()
    run.refused("not JSON")
    run.refused("not JSON")
    with pytest.raises(UserError):
        run.refused("not JSON")
