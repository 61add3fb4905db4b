"""Reads a taxonomy from YAML and places intents by it; decides nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas import Priority
from stream_app.bundle import Label
from stream_app.errors import UserError

_Name = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Placement(_Part):
    """The category that owns an intent, and a ticket's priority before any guardrail speaks."""

    category: str
    priority: Priority


class Taxonomy(_Part):
    """Categories, and the placement of each intent in one of them."""

    version: Literal[1]
    name: _Name
    categories: Annotated[tuple[_Name, ...], Field(min_length=1)]
    intents: Annotated[dict[_Name, Placement], Field(min_length=1)]

    @model_validator(mode="after")
    def _categories_are_known(self) -> Self:
        for intent, placement in self.intents.items():
            if placement.category not in self.categories:
                raise ValueError(f"{intent} has the unknown category {placement.category!r}")
        return self

    def labels(self, intents: Iterable[str]) -> tuple[Label, ...]:
        """One label an intent, in order. Intents of the taxonomy that are not asked for are fine.

        Raises `UserError` naming every intent that the taxonomy does not place.
        """
        wanted = list(intents)
        if unmapped := [intent for intent in wanted if intent not in self.intents]:
            raise UserError(
                f"the taxonomy {self.name} does not place these labels: {', '.join(unmapped)}; "
                "add them to it or pass another file with --taxonomy"
            )
        return tuple(Label(intent=name, **self.intents[name].model_dump()) for name in wanted)


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read `path`, or the packaged taxonomy of Banking77.

    Raises `UserError` where the file cannot be read or is no taxonomy, such as one that places an
    intent twice.
    """
    source = str(path) if path else "the packaged taxonomy"
    try:
        packaged = files("training.taxonomy") / "banking77.yaml"
        content = path.read_bytes() if path else packaged.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the taxonomy {source}: {error.strerror}") from error
    return parse_taxonomy(content, source=source)


def parse_taxonomy(content: bytes, *, source: str) -> Taxonomy:
    """The taxonomy in a YAML text; raises `UserError`, which names `source`, where it is none."""
    try:
        return Taxonomy.model_validate(yaml.load(content, Loader=_UniqueKeyLoader))  # noqa: S506
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{source} is no valid YAML: {reason}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise UserError(f"{source} is no taxonomy: {place}: {first['msg']}") from error


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader for which a repeated key is an error: PyYAML would keep the last silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key} appears twice", key_node.start_mark
                )
            seen.add(str(key))
        return super().construct_mapping(node, deep)
