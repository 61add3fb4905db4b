"""Tells whether a bundle that an earlier benchmark trained is what today's code would train.

What a bundle says of itself does not suffice: the code that fits is no part of its provenance. So a
small file beside it keeps a digest of that code, with the minutes that the training took.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stream_app.bundle import Provenance, list_bundles, read_bundle
from stream_app.labelled_data import Dataset
from training.recipe import Recipe

TRAINING = Path(__file__).parents[1] / "training"


def keep(bundle: Path, minutes: float) -> None:
    """Write down by which code `bundle` was made, now, and in how many minutes."""
    record = {"code_sha256": code_sha256(TRAINING), "minutes": minutes}
    _beside(bundle).write_text(json.dumps(record) + "\n")


def kept(store: Path, dataset: Dataset, recipe: Recipe, seed: int) -> tuple[Path, float] | None:
    """The latest bundle in `store` that a training would make again, and its minutes."""
    for bundle in reversed(list_bundles(store)):
        if not _beside(bundle).is_file():
            continue
        record = json.loads(_beside(bundle).read_text())
        made_of = read_bundle(bundle).manifest.provenance
        if (
            record["code_sha256"] == code_sha256(TRAINING)
            and made_of.recipe == recipe.as_record()
            and made_of.data_sha256 == dataset.sha256
            and made_of.seed == seed
            and _same_libraries(made_of)
        ):
            return bundle, record["minutes"]
    return None


@cache
def code_sha256(folder: Path) -> str:
    """Digest of the Python and YAML files below `folder`, by their paths and contents."""
    digest = hashlib.sha256()
    for path in sorted(path for suffix in ("py", "yaml") for path in folder.rglob(f"*.{suffix}")):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder)} {content}\n".encode())
    return digest.hexdigest()


def _same_libraries(made_of: Provenance) -> bool:
    try:
        return all(version(name) == wanted for name, wanted in made_of.libraries.items())
    except PackageNotFoundError:
        return False


def _beside(bundle: Path) -> Path:
    return bundle.with_name(f"{bundle.name}.made.json")
