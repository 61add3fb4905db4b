"""A benchmark measures a kept bundle only where training would make the same one again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from benchmarks.kept_bundles import code_sha256, keep, kept
from stream_app.bundle import read_bundle, write_bundle
from stream_app.labelled_data import Dataset, Example
from tests.unit.tiny_bundle import write_tiny_bundle
from training.recipe import FULL

DATASET = Dataset("cards", tuple(Example(f"{at}", f"{at % 2}") for at in range(4)))
LIBRARIES = {"numpy": version("numpy")}


def trained(folder: Path, libraries: Mapping[str, str] = LIBRARIES) -> Path:
    """A bundle in `folder` that claims to be made of `DATASET` by the full recipe."""
    tiny = read_bundle(write_tiny_bundle(folder.parent / f".tiny-{folder.name}"))
    claims = {
        "data_sha256": DATASET.sha256,
        "recipe": FULL.as_record(),
        "seed": 7,
        "libraries": dict(libraries),
    }
    return write_bundle(
        folder,
        name="cards",
        version=folder.name,
        created_at=tiny.manifest.created_at,
        max_tokens=tiny.manifest.max_tokens,
        model_path=tiny.model_path,
        tokenizer_path=tiny.tokenizer_path,
        labels=tiny.labels,
        calibration=tiny.calibration,
        prototypes=tiny.prototypes,
        golden=tiny.golden,
        provenance=tiny.manifest.provenance.model_copy(update=claims),
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
    older = trained(tmp_path / "v3")
    keep(older, 1.0)
    file = tmp_path / "v3.made.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"code_sha256": "0" * 64}))
    assert kept(tmp_path, DATASET, FULL, 7) is None


def test_the_digest_of_the_code_follows_names_and_contents(tmp_path: Path) -> None:
    digests = set()
    for number, (name, content) in enumerate(
        [("a.py", "1"), ("a.py", "2"), ("b.py", "1"), ("sub/a.yaml", "1")]
    ):
        file = tmp_path / str(number) / name
        file.parent.mkdir(parents=True)
        file.write_text(content)
        file.with_name("notes.txt").write_text("changes nothing")
        digests.add(code_sha256(tmp_path / str(number)))
    assert len(digests) == 4
