"""Batches hold every ticket once, within the limits, and waste little padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from stream_app.inference import cut_by_padded_tokens
from stream_app.inference.batching import BATCH_COST_TOKENS

LENGTHS = st.lists(st.integers(1, 256), max_size=300)


@given(lengths=LENGTHS, budget=st.integers(1, 4_096), rows=st.integers(1, 128))
def test_every_ticket_is_in_exactly_one_batch(lengths: list[int], budget: int, rows: int) -> None:
    batches = cut_by_padded_tokens(lengths, max_padded_tokens=budget, max_rows=rows)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(batches)


@given(lengths=LENGTHS, budget=st.integers(1, 4_096), rows=st.integers(1, 128))
def test_no_batch_exceeds_rows_or_padded_tokens(lengths: list[int], budget: int, rows: int) -> None:
    for batch in cut_by_padded_tokens(lengths, max_padded_tokens=budget, max_rows=rows):
        assert len(batch) <= rows
        padded = len(batch) * max(lengths[index] for index in batch)
        assert padded <= budget or len(batch) == 1


@given(lengths=LENGTHS)
def test_batches_run_from_short_to_long(lengths: list[int]) -> None:
    batches = cut_by_padded_tokens(lengths, max_padded_tokens=512, max_rows=16)
    in_order = [lengths[index] for batch in batches for index in batch]
    assert in_order == sorted(lengths)


def test_a_batch_is_filled_before_the_next_is_opened() -> None:
    batches = cut_by_padded_tokens([10] * 8, max_padded_tokens=40, max_rows=64)
    assert [len(batch) for batch in batches] == [4, 4]


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=9),
    budget=st.integers(1, 200),
    rows=st.integers(1, 9),
)
def test_no_other_cut_of_the_sorted_tickets_costs_less(
    lengths: list[int], budget: int, rows: int
) -> None:
    batches = cut_by_padded_tokens(lengths, max_padded_tokens=budget, max_rows=rows)
    cut = [[lengths[index] for index in batch] for batch in batches]
    allowed = [
        other
        for other in every_cut(sorted(lengths))
        if all(
            len(batch) == 1 or (len(batch) <= rows and len(batch) * batch[-1] <= budget)
            for batch in other
        )
    ]
    assert cost(cut) == min(map(cost, allowed))


def every_cut(lengths: Sequence[int]) -> Iterator[list[Sequence[int]]]:
    if not lengths:
        yield []
    for end in range(1, len(lengths) + 1):
        for rest in every_cut(lengths[end:]):
            yield [lengths[:end], *rest]


def cost(batches: Sequence[Sequence[int]]) -> int:
    return sum(len(batch) * max(batch) + BATCH_COST_TOKENS for batch in batches)
