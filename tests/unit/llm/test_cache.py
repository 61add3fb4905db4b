"""The cache keeps the most recently used answers, and its keys tell nothing and mix nothing up."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import ToxicityAnswer, UrgencyAnswer
from stream_app.llm.answers import Answers
from stream_app.llm.cache import AnswerCache

ANSWERS = Answers(UrgencyAnswer.URGENT, ToxicityAnswer.NONE, None)


def test_the_least_recently_used_answer_is_dropped() -> None:
    cache = AnswerCache(entries=2)
    first, second, third = (cache.key(name) for name in "abc")
    cache.put(first, ANSWERS)
    cache.put(second, ANSWERS)
    assert cache.get(first) == ANSWERS
    cache.put(third, ANSWERS)
    assert cache.get(second) is None
    assert cache.get(first) == cache.get(third) == ANSWERS


def test_without_entries_nothing_is_kept() -> None:
    cache = AnswerCache(entries=0)
    cache.put(cache.key("a"), ANSWERS)
    assert cache.get(cache.key("a")) is None


def test_several_threads_may_ask_while_answers_are_dropped() -> None:
    cache = AnswerCache(entries=1)
    keys = [cache.key(name) for name in "ab"]

    def keep_and_ask(key: bytes) -> bool:
        for _ in range(20_000):
            cache.put(key, ANSWERS)
            cache.get(key)
        return True

    turn = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(keys)) as threads:
            assert all(threads.map(keep_and_ask, keys))
    finally:
        sys.setswitchinterval(turn)
    assert sum(cache.get(key) is not None for key in keys) == 1


def test_a_key_is_worth_nothing_in_another_process() -> None:
    assert AnswerCache(1).key("text") != AnswerCache(1).key("text")


PARTS = st.lists(st.none() | st.text(), max_size=4)


@settings(max_examples=100)
@given(PARTS, PARTS)
def test_two_questions_share_a_key_only_where_all_parts_are_equal(
    left: list[str | None], right: list[str | None]
) -> None:
    cache = AnswerCache(1)
    assert (cache.key(*left) == cache.key(*right)) == (left == right)
