"""What is asked about one ticket; holds no logic."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Question:
    """One ticket and what the desk made of it.

    `text` is the customer's, as it came: the layer redacts it, and nothing else needs to. It is
    in no representation of this object. `intent` is the intent to check the text against, None
    where none is to be checked. `policy_version` is that of the routing policy: an answer under
    one policy is not reused under another.
    """

    text: str = field(repr=False)
    intent: str | None
    policy_version: str
