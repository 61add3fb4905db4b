"""Writes the draft of a taxonomy for labels that nobody has placed yet; decides no placement."""

from __future__ import annotations

import json
from collections.abc import Sequence

from training.taxonomy.choose import GENERIC_PLACEMENT

_HEAD = """\
# Which category owns each label, and how pressing a ticket with it is by itself: low, medium, high.
# A draft: every label stands at {priority} in {category}. Add your categories and move the labels.
# A ticket whose label is probably of high priority goes to the urgent queue.

version: 1
name: {name}
categories: [{category}]
intents:
"""

_LINE = "  {intent}: {{category: {category}, priority: {priority}}}\n"


def draft(name: str, intents: Sequence[str]) -> str:
    """A taxonomy in YAML that places each of `intents` alike, one line each to be edited."""
    placement = GENERIC_PLACEMENT.model_dump(mode="json")
    lines = [_LINE.format(intent=_quoted(intent), **placement) for intent in intents]
    return _HEAD.format(name=_quoted(name), **placement) + "".join(lines)


def _quoted(text: str) -> str:
    # A JSON string is a YAML one, and no label in it is taken for a number, a date or a comment.
    return json.dumps(text, ensure_ascii=False)
