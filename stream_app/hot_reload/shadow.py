"""Scores a share of live tickets with the challenger, beside the stream and never in its way.

Owns the queue of tickets that wait to be scored, and the counts. The queue is short: a challenger
that cannot keep up sees fewer tickets, which is counted.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from schemas import ModelReference, ShadowCounts
from stream_app.errors import Unavailable
from stream_app.hot_reload.metrics import ReloadMetrics
from stream_app.hot_reload.preparing import Preparing, ProcessEnded

log = logging.getLogger(__name__)

WAITING_TICKETS = 256
SCORED_TICKETS = 16
"""Tickets a call: the size at which a single thread is fastest, see docs/performance.md."""


@dataclass(frozen=True, slots=True)
class LiveTicket:
    """What the champion answered. `key` is the record's key, or its event id without one."""

    key: bytes
    text: str
    intent: str


@dataclass(frozen=True, slots=True)
class ShadowFailure:
    """Why scoring stopped. `of_challenger`: its process ended while it scored, so that it would
    again, and at the cost of the machine."""

    reason: str
    of_challenger: bool


def in_share(key: bytes, share: float) -> bool:
    """Whether a ticket belongs to the share (0..1): by its key alone, so that all workers, and a
    redelivery, choose the same tickets."""
    return zlib.crc32(key) < share * 2**32


class Shadow:
    """The challenger's side of the worker; does nothing while there is no challenger."""

    def __init__(self, preparing: Preparing, *, share: float, metrics: ReloadMetrics) -> None:
        self._preparing = preparing
        self._share = share
        self._metrics = metrics
        self._waiting: deque[LiveTicket] = deque()
        self._arrived = asyncio.Event()
        self._challenger: ModelReference | None = None
        self._failure: ShadowFailure | None = None
        self._comparison = 0
        self._counts = ShadowCounts(scored=0, agreed=0, dropped=0, seconds=0.0)

    @property
    def challenger(self) -> ModelReference | None:
        """The bundle that is scored; None while there is none."""
        return self._challenger

    @property
    def counts(self) -> ShadowCounts:
        """What was counted for this challenger so far."""
        return self._counts

    @property
    def failure(self) -> ShadowFailure | None:
        """Why scoring stopped by itself, until `close`; the counts are those up to then."""
        return self._failure

    def open(self, challenger: ModelReference) -> None:
        """Begin with a challenger that the preparing process holds open."""
        self.close()
        self._challenger = challenger
        self._metrics.shadowing(challenger)

    def count_anew(self) -> None:
        """Forget what waits and what was counted: it compares with a champion that is none now."""
        self._waiting.clear()
        self._comparison += 1
        self._counts = ShadowCounts(scored=0, agreed=0, dropped=0, seconds=0.0)

    def close(self) -> None:
        """Stop scoring and forget what waits and what was counted."""
        self._challenger = None
        self._failure = None
        self.count_anew()
        self._metrics.shadowing(None)

    def offer(self, tickets: Iterable[LiveTicket]) -> None:
        """Take those of the share; returns at once."""
        if self._challenger is None:
            return
        dropped = 0
        for ticket in tickets:
            if not in_share(ticket.key, self._share):
                continue
            if len(self._waiting) < WAITING_TICKETS:
                self._waiting.append(ticket)
            else:
                dropped += 1
        self._metrics.shadow_tickets.labels("dropped").inc(dropped)
        self._count(dropped=dropped)
        if self._waiting:
            self._arrived.set()

    async def run(self) -> None:
        """Score what was offered, until cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                count = min(SCORED_TICKETS, len(self._waiting))
                await self._score([self._waiting.popleft() for _ in range(count)])

    async def _score(self, tickets: list[LiveTicket]) -> None:
        challenger, comparison = self._challenger, self._comparison
        try:
            scored = await self._preparing.score([ticket.text for ticket in tickets])
        except ProcessEnded as error:
            self._fail(challenger, ShadowFailure(error.message, of_challenger=True))
            return
        except Unavailable as error:
            self._fail(challenger, ShadowFailure(error.message, of_challenger=False))
            return
        except Exception as error:
            # A fault of ours in here must not end what follows the champion.
            log.exception("shadow scoring failed")
            self._fail(challenger, ShadowFailure(type(error).__name__, of_challenger=True))
            return
        if self._comparison != comparison:
            return
        agreed = sum(
            intent == ticket.intent for intent, ticket in zip(scored.intents, tickets, strict=True)
        )
        self._metrics.shadow_tickets.labels("agreed").inc(agreed)
        self._metrics.shadow_tickets.labels("disagreed").inc(len(tickets) - agreed)
        self._metrics.shadow_seconds.observe(scored.seconds / len(tickets))
        self._count(scored=len(tickets), agreed=agreed, seconds=scored.seconds)

    def _fail(self, challenger: ModelReference | None, failure: ShadowFailure) -> None:
        if challenger is None or self._challenger is not challenger:
            return
        log.warning("shadow scoring stopped: %s", failure.reason)
        self._challenger = None
        self._failure = failure
        self._waiting.clear()
        self._metrics.shadowing(None)

    def _count(
        self, *, scored: int = 0, agreed: int = 0, dropped: int = 0, seconds: float = 0.0
    ) -> None:
        counts = self._counts
        self._counts = ShadowCounts(
            scored=counts.scored + scored,
            agreed=counts.agreed + agreed,
            dropped=counts.dropped + dropped,
            seconds=round(counts.seconds + seconds, 6),
        )
