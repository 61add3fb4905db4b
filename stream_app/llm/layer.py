"""Asks one question about one ticket within a deadline, whatever the server does; no HTTP here.

Bounded in every direction: requests at a time, questions that wait, seconds a question, tokens
and money an hour, answers kept. A question that finds a bound reached ends at once without an
answer, and the ticket goes by the rules.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from schemas import LlmOutcome, LlmVerdict
from stream_app.llm.answer_time import AnswerTime
from stream_app.llm.answers import Answers
from stream_app.llm.attempt import Attempt, Client
from stream_app.llm.breaker import Admission, Breaker, BreakerState
from stream_app.llm.budget import Budget, Limits, Reservation
from stream_app.llm.cache import AnswerCache
from stream_app.llm.metrics import LlmMetrics
from stream_app.llm.prompt import LONGEST_TICKET, Prompt, Request, shorten
from stream_app.llm.question import Question
from stream_app.redaction import redact
from stream_app.settings import LlmSettings

log = logging.getLogger(__name__)

_AT_ONCE = 1_500
"""Characters that are redacted on the event loop, in up to 10 ms: whoever asks about several
tickets lets the loop run in between. Longer texts, one ticket in thousands, are redacted in a
thread, for which tokens of the longest text are reserved."""

_RETRY_PAUSE_S = 0.2
"""Before the second try where the server names no time."""

_LEAST_SHARE = 0.1
_MOST_SHARE = 0.8
"""Of the deadline: with less left a request is not worth its tokens, with more it always is. In
between it is where the server has answered in the time left: else a queue of questions would be
sent one by one just too late, and cost their tokens for nothing."""

_FAIR_SHARE = 0.5
"""Of the deadline: a server that got less time than this and was late has not failed."""

_BYTES_A_CHARACTER = 4


@dataclass(slots=True)
class _Course:
    """One question on its way.

    `key` is the cache's to its answer, and `redacted` what is sent of the ticket, None as long as
    it is not known. `deadline` is in the event loop's time, and `timeout` keeps it. `reserved` is
    the most that one request takes, and `unsent` what is set aside for one that is not under way.
    """

    question: Question
    key: bytes
    redacted: str | None = field(repr=False)
    reserved: Reservation
    unsent: Reservation | None
    deadline: float
    timeout: asyncio.Timeout


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a question ended; answers if and only if the outcome is `answered` or `cached`."""

    outcome: LlmOutcome
    answers: Answers | None = None


class LlmLayer:
    """One server and everything that bounds what is asked of it.

    Lives on one event loop, but for `at_once`. `aclose` it there.
    """

    def __init__(
        self,
        client: Client,
        prompt: Prompt,
        settings: LlmSettings,
        metrics: LlmMetrics,
    ) -> None:
        self._client = client
        self._prompt = prompt
        self._model = client.model
        self._deadline_s = settings.deadline_s
        self._max_concurrent = settings.max_concurrent
        self._most_open = settings.max_concurrent + settings.max_waiting
        self._slots = asyncio.Semaphore(settings.max_concurrent)
        self._waiting = 0
        self._open: set[asyncio.Task[LlmVerdict]] = set()
        self._breaker = Breaker(settings.breaker_failures, settings.breaker_pause_s)
        self._limits = Limits(
            tokens=settings.tokens_per_hour,
            money=settings.money_per_hour,
            input_price=settings.price_per_million_input,
            output_price=settings.price_per_million_output,
        )
        self._budget = Budget(self._limits)
        self._answer_time = AnswerTime(_MOST_SHARE * settings.deadline_s)
        self._cache = AnswerCache(settings.cache_entries)
        self._metrics = metrics
        metrics.watch(lambda: self._waiting, lambda: self._breaker.state(monotonic()))

    def at_once(self, question: Question, ahead: int = 0) -> LlmVerdict | None:
        """The verdict where none needs to be waited for; None where the question may be asked.

        That is an answer that is known already (`cached`) or a refusal (`overloaded`,
        `suspended`). `ahead` questions are about to be asked before this one. May be called from
        any thread.
        """
        ended = self._ended_at_once(self._key(question), ahead)
        return None if ended is None else self._verdict(ended)

    def try_ask(self, question: Question) -> LlmVerdict | asyncio.Task[LlmVerdict]:
        """A verdict where none needs to be waited for, else a task that ends in one.

        A verdict at once is one of `at_once` or the refusal `budget`. The task ends within the
        deadline, counted from now, and raises nothing but `CancelledError` where it is cancelled.
        """
        # Redaction comes last: where a queue is longer than the server keeps up with, most
        # questions end before it.
        key = self._key(question)
        ended = self._ended_at_once(key, 0)
        if ended is not None:
            return self._verdict(ended)
        redacted = self._redact(question) if len(question.text) <= _AT_ONCE else None
        reservation = self._reserve(question, redacted)
        if reservation is None:
            return self._verdict(_Ended(LlmOutcome.BUDGET))
        deadline = asyncio.get_running_loop().time() + self._deadline_s
        timeout = asyncio.timeout_at(deadline)
        course = _Course(question, key, redacted, reservation, reservation, deadline, timeout)
        task = asyncio.create_task(self._answer(course))
        self._open.add(task)
        task.add_done_callback(lambda ended: self._forget(ended, course))
        return task

    async def aclose(self) -> None:
        """Cancel what is open and close the connections."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await self._client.aclose()

    def _forget(self, task: asyncio.Task[LlmVerdict], course: _Course) -> None:
        # Here and not in the task: one that is cancelled before its first step never begins.
        self._open.discard(task)
        if course.unsent is not None:
            self._budget.settle(course.unsent, 0, 0)

    async def _answer(self, course: _Course) -> LlmVerdict:
        try:
            async with course.timeout:
                ended = await self._ask(course)
        except TimeoutError:
            ended = _Ended(LlmOutcome.DEADLINE)
        left = course.deadline - asyncio.get_running_loop().time()
        self._metrics.seconds.observe(self._deadline_s - left)
        return self._verdict(ended)

    async def _ask(self, course: _Course) -> _Ended:
        redacted = course.redacted
        if redacted is None:
            redacted = await asyncio.to_thread(self._redact, course.question)
        async with self._turn():
            begin = asyncio.get_running_loop().time()
            known = self._cache.get(course.key)
            if known is not None:
                return _Ended(LlmOutcome.CACHED, known)
            if begin + self._least_s > course.deadline:
                return _Ended(LlmOutcome.OVERLOADED)
            admission = self._breaker.enter(monotonic())
            if admission is None:
                return _Ended(LlmOutcome.SUSPENDED)
            try:
                attempt = await self._attempts(
                    self._prompt.request(redacted, course.question.intent), course
                )
            except BaseException:
                # The deadline came, or whoever asked has gone.
                had = asyncio.get_running_loop().time() - begin
                self._answer_time.not_within(had)
                late = course.timeout.expired() and had >= _FAIR_SHARE * self._deadline_s
                self._report(admission, LlmOutcome.DEADLINE, failed=True if late else None)
                raise
            if attempt.answers is not None:
                self._answer_time.took(asyncio.get_running_loop().time() - begin)
            self._report(admission, attempt.outcome, failed=attempt.server_failed)
        if attempt.answers is not None:
            self._cache.put(course.key, attempt.answers)
        return _Ended(attempt.outcome, attempt.answers)

    def _ended_at_once(self, key: bytes, ahead: int) -> _Ended | None:
        known = self._cache.get(key)
        if known is not None:
            return _Ended(LlmOutcome.CACHED, known)
        before_it = len(self._open) + ahead
        if before_it >= self._most_open or not self._turn_in_time(before_it):
            return _Ended(LlmOutcome.OVERLOADED)
        if self._breaker.suspended(monotonic()):
            return _Ended(LlmOutcome.SUSPENDED)
        return None

    @property
    def _least_s(self) -> float:
        """The time left with which a request is worth its tokens."""
        return max(_LEAST_SHARE * self._deadline_s, self._answer_time.expected_s)

    def _turn_in_time(self, before_it: int) -> bool:
        """Whether so many questions before it leave one asked now the time for an answer."""
        waits_s = before_it // self._max_concurrent * self._answer_time.expected_s
        return waits_s + self._least_s <= self._deadline_s

    async def _attempts(self, request: Request, course: _Course) -> Attempt:
        """One request, and a second one where that may help and there is time for it."""
        least = _LEAST_SHARE * self._deadline_s
        attempt = await self._attempt(request, course)
        if not attempt.again:
            return attempt
        pause = _RETRY_PAUSE_S if attempt.retry_after_s is None else attempt.retry_after_s
        if asyncio.get_running_loop().time() + pause + least > course.deadline:
            return attempt
        course.unsent = self._budget.reserve(
            monotonic(), course.reserved.input_tokens, course.reserved.output_tokens
        )
        if course.unsent is None:
            return attempt
        await asyncio.sleep(pause)
        self._metrics.retries.inc()
        return await self._attempt(request, course)

    async def _attempt(self, request: Request, course: _Course) -> Attempt:
        # From here on the tokens count as spent until the server says how many it took: it may
        # charge for an answer that never arrives.
        reservation, course.unsent = course.unsent, None
        attempt = await self._client.attempt(request)
        if reservation is not None and attempt.usage is not None:
            usage = attempt.usage
            self._budget.settle(reservation, usage.input_tokens, usage.output_tokens)
            self._metrics.tokens.labels("input").inc(usage.input_tokens)
            self._metrics.tokens.labels("output").inc(usage.output_tokens)
            self._metrics.money.inc(self._limits.cost(usage.input_tokens, usage.output_tokens))
        elif reservation is not None and attempt.free:
            self._budget.settle(reservation, 0, 0)
        return attempt

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One of the requests that run at a time, in the order of asking."""
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    def _key(self, question: Question) -> bytes:
        return self._cache.key(
            question.text,
            question.intent,
            self._prompt.version,
            self._model,
            question.policy_version,
        )

    def _redact(self, question: Question) -> str:
        """What is sent of the ticket: redacted first, then shortened."""
        redacted = redact(question.text)
        for kind in redacted.kinds:
            self._metrics.redactions.labels(kind).inc()
        return shorten(redacted.text)

    def _reserve(self, question: Question, redacted: str | None) -> Reservation | None:
        size = LONGEST_TICKET * _BYTES_A_CHARACTER
        if redacted is not None:
            size = len(redacted.encode("utf-8", "replace"))
        return self._budget.reserve(
            monotonic(),
            self._prompt.most_input_tokens(size, question.intent),
            self._prompt.max_answer_tokens,
        )

    def _report(self, admission: Admission, outcome: LlmOutcome, *, failed: bool | None) -> None:
        """Tell the breaker, and the log where that changes its state; None says nothing."""
        now = monotonic()
        before = self._breaker.state(now)
        if failed is None:
            self._breaker.left(admission)
        elif failed:
            self._breaker.failed(admission, now)
        else:
            self._breaker.succeeded(admission)
        after = self._breaker.state(now)
        if after is not before and after is BreakerState.OPEN:
            log.warning("language model: nothing is asked for a while, the last was %s", outcome)
        elif after is not before:
            log.info("language model: answers again")

    def _verdict(self, ended: _Ended) -> LlmVerdict:
        self._metrics.questions.labels(ended.outcome).inc()
        answers = ended.answers
        return LlmVerdict(
            outcome=ended.outcome,
            urgency=answers.urgency if answers else None,
            toxicity=answers.toxicity if answers else None,
            label=answers.label if answers else None,
            model=self._model,
            prompt_version=self._prompt.version,
        )
