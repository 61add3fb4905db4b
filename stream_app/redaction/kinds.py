"""The kinds of personal data and what a finder of one returns; finds nothing itself."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What was found, worst first: where two findings overlap, the first of these names both.

    The value in capitals and brackets is the placeholder: `[CARD]`.
    """

    IBAN = "iban"
    CARD = "card"
    LINK = "link"
    EMAIL = "email"
    CODE = "code"
    """A PIN, a password, a one-time code, the name of a user."""
    PHONE = "phone"
    DATE = "date"
    IP = "ip"
    """An address of a machine on the net."""
    ACCOUNT = "account"
    """Any other long number: account, sort code, order, passport."""
    HANDLE = "handle"
    ADDRESS = "address"
    """Where somebody lives: house and street."""
    POSTCODE = "postcode"
    NAME = "name"

    @property
    def placeholder(self) -> str:
        """What stands in the text instead."""
        return f"[{self.value.upper()}]"


class Found(NamedTuple):
    """The half-open range `start`..`end` of the text, in code points, is `kind`."""

    start: int
    end: int
    kind: Kind
