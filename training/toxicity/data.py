"""The rows for the toxicity model; trains nothing.

Our own sentences, the starter set as tickets that are fine, and Davidson's tweets where they are
at hand. HateCheck and HatemojiCheck measure the guardrail and never come near a training.
"""

from __future__ import annotations

import csv
import html
import os
import random
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from stream_app.labelled_data import Dataset, Example, stratified_split
from training.starter_set import load_starter

NAME = "toxicity"
TOXIC, FINE = "toxic", "fine"

VALIDATION_SHARE = TEST_SHARE = 0.15
"""Of each kind of own sentence. Fillings of one sentence stay on one side."""

FILLINGS = 10
"""How often a training sentence with a slot is filled; others are filled once."""

TWEETS = "davidson_offensive/labeled.csv"
"""Below `TICKETS_DATA_DIR`. Davidson et al. 2017, "Automated Hate Speech Detection and the Problem
of Offensive Language", MIT licence. The class "offensive" is left out: it mostly means a swear
word, and its labels lean against African-American English (Davidson et al. 2019)."""

LEAST_AGREEMENT = 0.75
"""Share of a tweet's annotators that chose its class."""

FINE_TWEETS = 1_500
SEED = 41

_SLOT = re.compile(r"\{([a-z]+)\}")
_NO_WORDS = re.compile(r"\bRT\b|@user\b:?|<url>")

_Texts = Annotated[tuple[str, ...], Field(min_length=1)]


class Sentences(BaseModel):
    """The file of own sentences, by label and kind; a slot is what `{name}` may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    slots: Mapping[str, _Texts]
    toxic: Mapping[str, _Texts]
    fine: Mapping[str, _Texts]


def load_toxicity() -> Dataset:
    """All rows, labelled `TOXIC` or `FINE`; the same at each call.

    The test part holds own sentences alone: it says how the model does on tickets.
    """
    sentences = read_sentences()
    chance = random.Random(SEED)  # noqa: S311
    train: list[Example] = []
    parts: dict[str, list[Example]] = {"validation": [], "test": []}
    for label, kinds in ((TOXIC, sentences.toxic), (FINE, sentences.fine)):
        for kind, texts in kinds.items():
            # The kind stands in for the intent, so that each is on every side.
            rest, test = stratified_split(
                [Example(text, kind) for text in texts], share=TEST_SHARE, seed=SEED
            )
            kept, validation = stratified_split(rest, share=VALIDATION_SHARE, seed=SEED)
            train += (
                Example(filled(row.text, sentences.slots, chance), label)
                for row in kept
                for _ in range(FILLINGS if _SLOT.search(row.text) else 1)
            )
            for part, rows in (("validation", validation), ("test", test)):
                parts[part] += (
                    Example(filled(row.text, sentences.slots, chance), label) for row in rows
                )
    starter = load_starter()
    train += (Example(row.text, FINE) for row in starter.train)
    parts["validation"] += (Example(row.text, FINE) for row in starter.test)
    train += _tweets()
    return Dataset(
        NAME, tuple(train), validation=tuple(parts["validation"]), test=tuple(parts["test"])
    )


@cache
def read_sentences() -> Sentences:
    """The packaged file of own sentences."""
    content = (files("training.toxicity") / "sentences.yaml").read_text(encoding="utf-8")
    return Sentences.model_validate(yaml.safe_load(content))


def filled(text: str, slots: Mapping[str, tuple[str, ...]], chance: random.Random) -> str:
    """`text` with each slot filled at random, its first letter a capital as people write it."""
    result = _SLOT.sub(lambda slot: chance.choice(slots[slot[1]]), text)
    return result[0].upper() + result[1:]


def _tweets() -> Iterator[Example]:
    """Tweets that their annotators agree on; none where the file is not at hand."""
    data_dir = os.environ.get("TICKETS_DATA_DIR")
    path = Path(data_dir) / TWEETS if data_dir else None
    if path is None or not path.is_file():
        return
    fine = 0
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            annotators = int(row["annotators"])
            text = " ".join(_NO_WORDS.sub(" ", html.unescape(row["text"])).split()).lstrip('!:" ')
            if not text:
                continue
            if int(row["n_hate"]) >= LEAST_AGREEMENT * annotators:
                yield Example(text, TOXIC)
            elif int(row["n_neither"]) >= LEAST_AGREEMENT * annotators and fine < FINE_TWEETS:
                fine += 1
                yield Example(text, FINE)
