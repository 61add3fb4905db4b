"""No hour takes more tokens or money than the budget, whatever is reserved and settled."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stream_app.llm.budget import Budget, Limits, Reservation

TOKENS = Limits(tokens=1_000, money=None, input_price=0.0, output_price=0.0)


def reserved(budget: Budget, now: float, tokens: int) -> Reservation:
    reservation = budget.reserve(now, tokens, 0)
    assert reservation is not None
    return reservation


def test_what_is_reserved_counts_until_it_is_settled() -> None:
    budget = Budget(TOKENS)
    reservation = reserved(budget, 0.0, 900)
    assert budget.reserve(0.0, 200, 0) is None
    budget.settle(reservation, 100, 50)
    reserved(budget, 0.0, 850)
    assert budget.reserve(0.0, 1, 0) is None


def test_spending_is_forgotten_after_an_hour_and_not_before() -> None:
    budget = Budget(TOKENS)
    reserved(budget, 59.0, 1_000)
    assert budget.reserve(59.0 + 3_600.0, 1, 0) is None
    reserved(budget, 60.0 * 61, 1_000)


def test_money_is_a_limit_of_its_own() -> None:
    limits = Limits(tokens=10**9, money=2.0, input_price=1.0, output_price=4.0)
    budget = Budget(limits)
    assert limits.cost(1_000_000, 250_000) == 2.0
    assert budget.reserve(0.0, 1_000_000, 250_000) is not None
    assert budget.reserve(0.0, 0, 1) is None


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.floats(0.0, 900.0), st.integers(1, 400), st.none() | st.floats(0.0, 1.0)),
        max_size=60,
    )
)
def test_no_hour_exceeds_the_limit(steps: list[tuple[float, int, float | None]]) -> None:
    """Where a request takes no more than it reserved, as the upper bounds promise."""
    budget = Budget(TOKENS)
    now = 0.0
    spent: list[tuple[float, int]] = []
    for pause, tokens, share in steps:
        now += pause
        reservation = budget.reserve(now, tokens, 0)
        if reservation is None:
            continue
        used = tokens if share is None else int(tokens * share)
        if share is not None:
            budget.settle(reservation, used, 0)
        spent.append((now, used))
        assert sum(used for at, used in spent if at > now - 3_600.0) <= TOKENS.tokens
