"""A benchmark measures a kept bundle only where training would make the same one again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from benchmarks.kept_bundles import keep, kept
from stream_app.bundle import code_sha256
from stream_app.labelled_data import Dataset, Example
from tests.unit.tiny_bundle import NO_TRAINING, write_tiny_bundle
from training.recipe import FULL

DATASET = Dataset("cards", tuple(Example(f"{at}", f"{at % 2}") for at in range(4)))
LIBRARIES = {"numpy": version("numpy")}


def trained(
    folder: Path, libraries: Mapping[str, str] = LIBRARIES, code: str | None = None
) -> Path:
    """A bundle in `folder` that claims to be made of `DATASET` by the full recipe."""
    claims = {
        "data_sha256": DATASET.sha256,
        "recipe": FULL.as_record(),
        "seed": 7,
        "libraries": dict(libraries),
        "code_sha256": code or code_sha256(),
    }
    return write_tiny_bundle(
        folder,
        name="cards",
        version=folder.name,
        provenance=NO_TRAINING.model_copy(update=claims),
    )


def test_a_bundle_of_the_same_code_and_data_is_kept_with_its_minutes(tmp_path: Path) -> None:
    bundle = trained(tmp_path / "v1")
    assert kept(tmp_path, DATASET, FULL, 7) is None
    keep(bundle, 12.5)
    assert kept(tmp_path, DATASET, FULL, 7) == (bundle, 12.5)
    assert kept(tmp_path, DATASET, FULL, 8) is None
    assert kept(tmp_path, DATASET, replace(FULL, epochs=1), 7) is None


def test_a_bundle_of_older_code_or_other_libraries_is_not_kept(tmp_path: Path) -> None:
    keep(trained(tmp_path / "v1", {"numpy": "1.0"}), 1.0)
    keep(trained(tmp_path / "v2", {"no-such-library": "1.0"}), 1.0)
    keep(trained(tmp_path / "v3", code="0" * 64), 1.0)
    assert kept(tmp_path, DATASET, FULL, 7) is None
