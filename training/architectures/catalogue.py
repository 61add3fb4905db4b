"""Names, presets and builders of the architectures; the one place where a new one is entered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from stream_app.errors import UserError
from training.recipe import FULL, QUICK, Recipe

if TYPE_CHECKING:
    from training.architectures.contract import Build, TextModel


class ArchitectureName(StrEnum):
    """What `--architecture` takes."""

    TRANSFORMER = "transformer"
    DECODER = "decoder"
    BILSTM = "bilstm"
    TFIDF = "tfidf"


@dataclass(frozen=True, slots=True)
class Architecture:
    """A kind of model: the module whose `build` makes one, and its two presets.

    `takes_base_model` says whether it can start from pretrained weights, `ignored` which fields of
    a recipe change nothing of it.
    """

    name: ArchitectureName
    module: str
    full: Recipe
    quick: Recipe
    takes_base_model: bool
    ignored: frozenset[str] = frozenset()

    def check_base_model(self, base_model: str | None) -> None:
        """Raise `UserError` where a base model is given to an architecture that has no use for it.

        Imports nothing, so that a mistake is told before the seconds that torch takes.
        """
        if base_model is not None and not self.takes_base_model:
            raise UserError(
                f"--base-model {base_model}: the architecture {self.name} is trained from scratch "
                "and takes no base model"
            )

    def check_changes(self, changes: Iterable[str]) -> None:
        """Raise `UserError` where a field of the recipe is set that changes nothing."""
        if idle := sorted(self.ignored.intersection(changes)):
            raise UserError(
                f"--set {idle[0]}: it changes nothing of the architecture {self.name}; leave it out"
            )

    def build(
        self,
        texts: Sequence[str],
        recipe: Recipe,
        *,
        base_model: str | None,
        intents: int,
        seed: int,
        workspace: Path,
    ) -> TextModel:
        """An untrained model; arguments and errors as `training.architectures.contract.Build`."""
        self.check_base_model(base_model)
        build = cast("Build", import_module(self.module).build)
        return build(
            texts, recipe, base_model=base_model, intents=intents, seed=seed, workspace=workspace
        )


ARCHITECTURES = {
    architecture.name: architecture
    for architecture in (
        Architecture(
            name=ArchitectureName.TRANSFORMER,
            module="training.architectures.transformer",
            full=FULL,
            quick=QUICK,
            takes_base_model=True,
        ),
        Architecture(
            name=ArchitectureName.DECODER,
            module="training.architectures.decoder",
            full=Recipe(epochs=20, batch_rows=32, learning_rate=1e-3, head_learning_rate=1e-3),
            quick=Recipe(
                epochs=5,
                batch_rows=32,
                learning_rate=1e-3,
                head_learning_rate=1e-3,
                held_out_share=0.1,
            ),
            takes_base_model=True,
        ),
        Architecture(
            name=ArchitectureName.BILSTM,
            module="training.architectures.bilstm",
            full=Recipe(
                epochs=15,
                batch_rows=32,
                learning_rate=2e-3,
                head_learning_rate=2e-3,
                dropout=0.3,
            ),
            quick=Recipe(
                epochs=8,
                batch_rows=32,
                learning_rate=2e-3,
                head_learning_rate=2e-3,
                dropout=0.3,
                held_out_share=0.1,
            ),
            takes_base_model=False,
            ignored=frozenset({"layers"}),
        ),
        Architecture(
            name=ArchitectureName.TFIDF,
            module="training.architectures.tfidf",
            full=Recipe(epochs=3, batch_rows=1, learning_rate=0.0, head_learning_rate=0.0),
            quick=Recipe(
                epochs=1,
                batch_rows=1,
                learning_rate=0.0,
                head_learning_rate=0.0,
                held_out_share=0.1,
            ),
            takes_base_model=False,
            ignored=frozenset(QUICK.as_record())
            - {"epochs", "noised_share", "max_tokens", "held_out_share"},
        ),
    )
}
"""Every architecture by its name."""
