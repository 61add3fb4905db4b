from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from stream_app.errors import UserError
from stream_app.produce.feed import MAX_ITEMS_AHEAD, Feed


async def test_every_item_comes_once_and_in_order() -> None:
    items = [item async for run in Feed(range(10_000)) for item in run]

    assert items == list(range(10_000))


async def test_an_item_comes_while_the_source_waits_for_the_next() -> None:
    asked = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        asked.wait()
        yield 2

    runs = aiter(Feed(source()))
    assert await asyncio.wait_for(anext(runs), 5) == [1]
    asked.set()
    assert await asyncio.wait_for(anext(runs), 5) == [2]


async def test_the_source_is_read_only_so_far_ahead() -> None:
    taken = []
    full = threading.Event()

    def source() -> Iterator[int]:
        for number in range(MAX_ITEMS_AHEAD * 3):
            taken.append(number)
            if number == MAX_ITEMS_AHEAD:
                full.set()
            yield number

    runs = aiter(Feed(source()))
    first = await anext(runs)
    await asyncio.to_thread(full.wait, 5)

    assert len(taken) <= MAX_ITEMS_AHEAD + len(first) + 1


async def test_what_the_source_raises_comes_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise UserError("line 2 is broken")

    items: list[int] = []

    async def take_all() -> None:
        async for run in Feed(source()):
            items.extend(run)

    with pytest.raises(UserError, match="line 2"):
        await take_all()
    assert items == [1]
