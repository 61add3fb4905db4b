"""Tells whether a bundle that an earlier benchmark trained is what today's code would train.

A small file beside it keeps the minutes that the training took, which the bundle does not say.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stream_app.bundle import Provenance, code_sha256, list_bundles, read_bundle
from stream_app.labelled_data import Dataset
from training.recipe import Recipe


def keep(bundle: Path, minutes: float) -> None:
    """Write down in how many minutes `bundle` was trained."""
    _beside(bundle).write_text(json.dumps({"minutes": minutes}) + "\n")


def kept(store: Path, dataset: Dataset, recipe: Recipe, seed: int) -> tuple[Path, float] | None:
    """The latest bundle in `store` that a training would make again, and its minutes."""
    for bundle in reversed(list_bundles(store)):
        if not _beside(bundle).is_file():
            continue
        made_of = read_bundle(bundle).manifest.provenance
        if (
            made_of.code_sha256 == code_sha256()
            and made_of.recipe == recipe.as_record()
            and made_of.data_sha256 == dataset.sha256
            and made_of.seed == seed
            and _same_libraries(made_of)
        ):
            return bundle, json.loads(_beside(bundle).read_text())["minutes"]
    return None


def _same_libraries(made_of: Provenance) -> bool:
    try:
        return all(version(name) == wanted for name, wanted in made_of.libraries.items())
    except PackageNotFoundError:
        return False


def _beside(bundle: Path) -> Path:
    return bundle.with_name(f"{bundle.name}.made.json")
