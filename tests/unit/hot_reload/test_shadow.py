"""Which live tickets a challenger sees."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_app.hot_reload.shadow import in_share


@given(st.binary(min_size=1, max_size=40), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_every_ticket_of_a_smaller_one(
    key: bytes, one: float, other: float
) -> None:
    smaller, larger = sorted((one, other))
    assert in_share(key, larger) or not in_share(key, smaller)


@given(st.binary(max_size=40))
def test_no_share_has_no_ticket_and_the_whole_has_all(key: bytes) -> None:
    assert not in_share(key, 0.0)
    assert in_share(key, 1.0)


def test_a_share_has_about_that_many_tickets() -> None:
    chosen = sum(in_share(f"k{number}".encode(), 0.2) for number in range(20_000))
    assert 3_600 < chosen < 4_400
