"""The demo takes a model that an earlier run kept only where training would make it again."""

from __future__ import annotations

from pathlib import Path

from stream_app.bundle import code_sha256
from stream_app.demo.models import kept_bundle
from tests.unit.tiny_bundle import NO_TRAINING, write_tiny_bundle


def trained(folder: Path, name: str, code: str | None) -> Path:
    """A bundle in `folder` that claims to be trained by the code of that digest."""
    return write_tiny_bundle(
        folder,
        name=name,
        version=folder.name,
        provenance=NO_TRAINING.model_copy(update={"code_sha256": code}),
    )


def test_only_a_model_of_this_name_and_this_code_is_taken(tmp_path: Path) -> None:
    trained(tmp_path / "v1", "starter-few", code_sha256())
    trained(tmp_path / "v2", "starter", "0" * 64)
    trained(tmp_path / "v3", "starter", None)
    assert kept_bundle(tmp_path, "starter") is None
    current = trained(tmp_path / "v4", "starter", code_sha256())
    trained(tmp_path / "v5", "starter", "0" * 64)
    assert kept_bundle(tmp_path, "starter") == current
