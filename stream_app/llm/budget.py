"""How many tokens and how much money the last hour took, and whether more may be spent; pure.

Takes the time as an argument, in seconds of any clock that never goes back. Money is in the
currency of the prices.
"""

from __future__ import annotations

from dataclasses import dataclass

_SLICE_S = 60.0
_SLICES = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits over any 60 minutes, and the prices of a million tokens."""

    tokens: int
    money: float | None
    input_price: float
    output_price: float

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        """What the tokens cost."""
        return (input_tokens * self.input_price + output_tokens * self.output_price) / 1e6


@dataclass(frozen=True, slots=True)
class Reservation:
    """Tokens set aside for one request."""

    minute: int
    input_tokens: int
    output_tokens: int


@dataclass(slots=True)
class _Spent:
    input_tokens: int = 0
    output_tokens: int = 0


class Budget:
    """Spending of the last hour, by the minute; owned by one layer, not safe for threads.

    A request reserves the most that it can take before it is sent. It is settled to what it took,
    or stays at what it reserved where nobody knows.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._minutes: dict[int, _Spent] = {}

    def reserve(self, now: float, input_tokens: int, output_tokens: int) -> Reservation | None:
        """Set tokens aside; None where that would exceed a limit."""
        minute = int(now // _SLICE_S)
        for old in [begun for begun in self._minutes if begun < minute - _SLICES]:
            del self._minutes[old]
        used_input = sum(spent.input_tokens for spent in self._minutes.values()) + input_tokens
        used_output = sum(spent.output_tokens for spent in self._minutes.values()) + output_tokens
        if used_input + used_output > self._limits.tokens:
            return None
        money = self._limits.cost(used_input, used_output)
        if self._limits.money is not None and money > self._limits.money:
            return None
        reservation = Reservation(minute, input_tokens, output_tokens)
        self._add(minute, input_tokens, output_tokens)
        return reservation

    def settle(self, reservation: Reservation, input_tokens: int, output_tokens: int) -> None:
        """The request took this many tokens, whatever it reserved."""
        self._add(
            reservation.minute,
            input_tokens - reservation.input_tokens,
            output_tokens - reservation.output_tokens,
        )

    def _add(self, minute: int, input_tokens: int, output_tokens: int) -> None:
        spent = self._minutes.setdefault(minute, _Spent())
        spent.input_tokens += input_tokens
        spent.output_tokens += output_tokens
