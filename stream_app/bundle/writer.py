"""Writes a bundle folder in one step, so that a reader sees a whole bundle or none."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from stream_app.bundle.contents import Calibration, GoldenTicket, Label
from stream_app.bundle.errors import BundleError
from stream_app.bundle.manifest import (
    CALIBRATION_FILE,
    GOLDEN_FILE,
    LABELS_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    FileDigest,
    Manifest,
    Provenance,
)

_FOLDER_MODE, _FILE_MODE = 0o755, 0o644


def write_bundle(
    folder: Path,
    *,
    name: str,
    version: str,
    created_at: datetime,
    max_tokens: int,
    model_path: Path,
    tokenizer_path: Path,
    labels: Sequence[Label],
    calibration: Calibration,
    golden: Sequence[GoldenTicket],
    provenance: Provenance,
) -> Path:
    """Write the bundle to `folder`, which must not exist yet, and return it.

    Everything is written to a temporary sibling first and renamed at the end. Whatever the umask,
    every user may read it, since who trains is often another one than who serves. Raises
    `BundleError` where `folder` exists.
    """
    if folder.exists():
        raise BundleError(f"bundle {folder} exists already; bundles are never overwritten")
    _make_readable(folder.parent)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        contents = {
            MODEL_FILE: model_path.read_bytes(),
            TOKENIZER_FILE: tokenizer_path.read_bytes(),
            LABELS_FILE: _json([label.model_dump(mode="json") for label in labels]),
            CALIBRATION_FILE: _json(calibration.model_dump(mode="json")),
            GOLDEN_FILE: b"".join(ticket.model_dump_json().encode() + b"\n" for ticket in golden),
        }
        manifest = Manifest(
            name=name,
            version=version,
            created_at=created_at,
            max_tokens=max_tokens,
            provenance=provenance,
            files={file: FileDigest.of(content) for file, content in contents.items()},
        )
        for file, content in contents.items():
            _write(draft / file, content)
        _write(draft / MANIFEST_FILE, _json(manifest.model_dump(mode="json")))
        draft.chmod(_FOLDER_MODE)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder


def _make_readable(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_readable(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(_FOLDER_MODE)


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        os.fchmod(file.fileno(), _FILE_MODE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
