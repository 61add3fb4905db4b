"""The packaged rules carry over to wordings that none of their examples has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from stream_app.guardrails import load_rules
from stream_app.guardrails.evaluation import Target, is_flagged

WORDINGS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "wordings.yaml").read_text(encoding="utf-8")
)
RULES = load_rules()

LEAST_FOUND = 0.93
"""Some of the hateful ones hold no word that gives them away: no rule finds these."""


def _fillings(kind: str) -> Iterator[str]:
    for text in WORDINGS[kind]:
        slots = re.findall(r"\{(\w+)\}", text)
        for number in range(3 if slots else 1):
            filled = text
            for slot in slots:
                values = WORDINGS["slots"][slot]
                filled = filled.replace(
                    f"{{{slot}}}", values[(5 * number + len(text)) % len(values)], 1
                )
            yield filled


def _flagged(text: str) -> bool:
    return is_flagged(RULES.inspect(text), Target.ANY)


def test_harmless_wordings_are_left_alone() -> None:
    assert [text for text in _fillings("fine") if _flagged(text)] == []


def test_most_hateful_wordings_are_found() -> None:
    texts = list(_fillings("toxic"))
    missed = [text for text in texts if not _flagged(text)]
    assert len(missed) <= (1.0 - LEAST_FOUND) * len(texts), missed
