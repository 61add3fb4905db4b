"""What a person asked to be trained, and the command that asks for it again; trains nothing."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import get_type_hints

from stream_app.errors import UserError
from training.architectures import ARCHITECTURES, Architecture, ArchitectureName
from training.recipe import Recipe

Changes = Mapping[str, float | int]
"""Fields of a `Recipe` by name, each with another value than the preset's."""

HIGHEST_SEED = 2**31 - 1
"""Every library that a training draws numbers with takes such a seed, and some added to it."""

LOWEST: Changes = {"batch_rows": 1, "max_tokens": 8, "held_out_share": 0.001, "fits": 1}
"""Least value of the fields that 0 makes no sense for."""

BELOW_ONE = frozenset({"held_out_share"})
"""Fields that cannot be 1 either: nothing would be left to fit."""

SHARES = frozenset(
    {
        "warmup_share",
        "label_smoothing",
        "dropout",
        "noised_share",
        "self_taught",
        "averaging",
        "held_out_share",
    }
)
"""Fields that cannot exceed 1."""


@dataclass(frozen=True)
class Plan:
    """A training by its options: `data` and `base_model` as given, `changes` to the preset."""

    data: str
    architecture: ArchitectureName = ArchitectureName.TRANSFORMER
    base_model: str | None = None
    taxonomy: Path | None = None
    quick: bool = False
    seed: int = 7
    changes: Changes = field(default_factory=dict)

    @property
    def kind(self) -> Architecture:
        """The architecture that `architecture` names."""
        return ARCHITECTURES[self.architecture]

    @property
    def recipe(self) -> Recipe:
        """The architecture's preset with the changes."""
        preset = self.kind.quick if self.quick else self.kind.full
        return replace(preset, **self.changes)  # type: ignore[arg-type]

    @property
    def command(self) -> str:
        """The command line that trains the same again, ready for a shell."""
        words = ["tickets", "train", "--data", self.data]
        if self.architecture is not ArchitectureName.TRANSFORMER:
            words += ["--architecture", self.architecture.value]
        if self.base_model is not None:
            words += ["--base-model", self.base_model]
        if self.taxonomy is not None:
            words += ["--taxonomy", str(self.taxonomy)]
        if self.quick:
            words.append("--quick")
        words += ["--seed", str(self.seed)]
        for name, value in self.changes.items():
            words += ["--set", f"{name}={value!r}"]
        return shlex.join(words)


def parse_changes(settings: Iterable[str]) -> dict[str, float | int]:
    """Read `NAME=VALUE` settings of a recipe; a later one replaces an earlier one.

    Raises `UserError` where a name is no field of a recipe or a value does not fit it.
    """
    kinds = get_type_hints(Recipe)
    changes: dict[str, float | int] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in kinds:
            known = ", ".join(sorted(field.name for field in fields(Recipe)))
            raise UserError(f"--set {setting}: expected NAME=VALUE with one of the names {known}")
        changes[name] = _parse(name, value, kinds[name])
    return changes


def _parse(name: str, value: str, kind: type[int] | type[float]) -> float | int:
    low, high = LOWEST.get(name, 0), 1.0 if name in SHARES else math.inf
    what = "a whole number" if kind is int else "a number"
    try:
        number = kind(value)
    except ValueError as error:
        raise UserError(f"--set {name}={value}: expected {what}") from error
    too_high = number >= high if name in BELOW_ONE else number > high
    if not number >= low or too_high or math.isinf(number):
        limits = f"between {low} and 1" if high == 1.0 else f"of at least {low}"
        limits += ", less than 1" if name in BELOW_ONE else ""
        raise UserError(f"--set {name}={value}: expected {what} {limits}")
    return number
