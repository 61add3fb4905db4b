"""Bundles of a few kilobytes that know chosen words, and labelled rows made of such words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from stream_app.bundle import read_bundle, write_bundle
from tests.unit.tiny_bundle import LABELS, write_tiny_bundle

GOOD = {"stolen": 1, "robbed": 1, "password": 2, "delivery": 3, "parcel": 3}
"""Words and the label that they speak for, counted from 1."""

WORSE_ON_ONE_URGENT_INTENT = GOOD | {"robbed": 2}
"""Takes half of the rows of the one urgent intent for another."""

BETTER = GOOD | {"courier": 3}
ROWS_PER_WORD = 20


def word_bundle(folder: Path, words: Mapping[str, int], *, version: str) -> Path:
    """A bundle in `folder`/VERSION that answers by these words, whatever their case."""
    tiny = read_bundle(write_tiny_bundle(folder / f"tiny-{version}"))
    tokenizer = json.loads(tiny.tokenizer_path.read_bytes())
    tokenizer["normalizer"] = {"type": "Lowercase"}
    tokenizer["model"]["vocab"] = {"[UNK]": 0, **words}
    path = folder / f"tokenizer-{version}.json"
    path.write_text(json.dumps(tokenizer))
    return write_bundle(
        folder / version,
        name="words",
        version=version,
        created_at=tiny.manifest.created_at,
        max_tokens=tiny.manifest.max_tokens,
        model_path=tiny.model_path,
        tokenizer_path=path,
        labels=tiny.labels,
        calibration=tiny.calibration,
        golden=tiny.golden,
        provenance=tiny.manifest.provenance.model_copy(
            update={"metrics": {"accuracy_int8": 0.9}, "recipe": {"epochs": 3}}
        ),
    )


def labelled_rows(path: Path) -> Path:
    """A CSV with `ROWS_PER_WORD` rows for each word of the good model."""
    lines = ["text,category"]
    for word, label in GOOD.items():
        # Said three times, so that a typo or two in the noised copy leave the word there.
        lines += [
            f"case {number}: {word} and {word} or {word},{LABELS[label - 1].intent}"
            for number in range(ROWS_PER_WORD)
        ]
    path.write_text("\n".join(lines) + "\n")
    return path
