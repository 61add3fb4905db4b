"""The words that noise is made of, read from YAML; one set for training, another for measuring."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

_Words = tuple[Annotated[str, Field(min_length=1)], ...]


class Wording(BaseModel):
    """Whole phrases by where they go; `chat` maps a spelling to its chat forms."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    greetings: _Words
    preambles: _Words
    sign_offs: _Words
    names: _Words
    footers: _Words
    emoji: _Words
    fillers: _Words
    chat: dict[str, _Words]


def load_wording(use: Literal["training", "test"]) -> Wording:
    """The packaged wording for `use`. The two share no greeting, sentence, name or spelling."""
    content = (files("training.noise") / f"{use}_wording.yaml").read_bytes()
    return Wording.model_validate(yaml.safe_load(content))
