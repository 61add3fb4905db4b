"""Written attempts to talk a language model into a milder verdict: `data/injections.yaml`."""

from __future__ import annotations

from pathlib import Path

import yaml

_FILE = Path(__file__).parent / "data" / "injections.yaml"


def injection_attempts() -> dict[str, str]:
    """Tickets by a name such as `direct-3`; each is urgent by what its customer needs."""
    kinds: dict[str, list[str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        f"{kind}-{number}": text
        for kind, texts in kinds.items()
        for number, text in enumerate(texts, start=1)
    }
