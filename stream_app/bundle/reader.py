"""Reads and verifies a bundle folder; nothing of a bundle is used before its bytes are checked."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from stream_app.bundle.contents import Bundle, Calibration, GoldenTicket, Label
from stream_app.bundle.errors import BundleError
from stream_app.bundle.manifest import (
    CALIBRATION_FILE,
    CONTENT_FILES,
    GOLDEN_FILE,
    LABELS_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    TOKENIZER_FILE,
    FileDigest,
    Manifest,
)
from stream_app.errors import Unavailable

_LABELS = TypeAdapter(tuple[Label, ...])


def read_bundle(folder: Path) -> Bundle:
    """Verify `folder` and read it.

    Raises `BundleError` naming the file and the fault: a missing file, a size or SHA-256 other
    than the manifest's, a malformed part. Raises `Unavailable` where this machine cannot read a
    file that is there, which says nothing of the bundle.
    """
    manifest_bytes = _read(folder, MANIFEST_FILE)
    try:
        manifest = Manifest.model_validate_json(manifest_bytes)
    except ValidationError as error:
        raise _malformed(folder, MANIFEST_FILE, error) from error
    missing = [name for name in CONTENT_FILES if name not in manifest.files]
    if missing:
        raise BundleError(f"bundle {folder}: its manifest lists no {', '.join(missing)}")
    small = {
        name: _checked(folder, name, manifest.files[name])
        for name in CONTENT_FILES
        if name not in (MODEL_FILE, TOKENIZER_FILE)
    }
    for name in (MODEL_FILE, TOKENIZER_FILE):
        _checked(folder, name, manifest.files[name])
    return Bundle(
        manifest=manifest,
        digest=hashlib.sha256(manifest_bytes).hexdigest(),
        labels=_labels(folder, small[LABELS_FILE]),
        calibration=_calibration(folder, small[CALIBRATION_FILE]),
        golden=_golden(folder, small[GOLDEN_FILE]),
        model_path=folder / MODEL_FILE,
        tokenizer_path=folder / TOKENIZER_FILE,
    )


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise BundleError(f"bundle {folder}: cannot read {name}: {error.strerror}") from error
    except OSError as error:
        raise Unavailable(f"bundle {folder}: cannot read {name}: {error.strerror}") from error


def _checked(folder: Path, name: str, expected: FileDigest) -> bytes:
    content = _read(folder, name)
    if len(content) != expected.bytes:
        raise BundleError(
            f"bundle {folder}: {name} has {len(content)} bytes, its manifest says {expected.bytes}"
        )
    if FileDigest.of(content) != expected:
        raise BundleError(f"bundle {folder}: {name} is not the file its manifest names (SHA-256)")
    return content


def _malformed(folder: Path, name: str, error: ValidationError) -> BundleError:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the whole file"
    return BundleError(f"bundle {folder}: {name} is malformed at {place}: {first['msg']}")


def _labels(folder: Path, content: bytes) -> tuple[Label, ...]:
    try:
        labels = _LABELS.validate_json(content)
    except ValidationError as error:
        raise _malformed(folder, LABELS_FILE, error) from error
    if len(labels) < 2 or len({label.intent for label in labels}) != len(labels):
        raise BundleError(f"bundle {folder}: {LABELS_FILE} needs two or more distinct intents")
    return labels


def _calibration(folder: Path, content: bytes) -> Calibration:
    try:
        return Calibration.model_validate_json(content)
    except ValidationError as error:
        raise _malformed(folder, CALIBRATION_FILE, error) from error


def _golden(folder: Path, content: bytes) -> tuple[GoldenTicket, ...]:
    try:
        golden = tuple(GoldenTicket.model_validate_json(line) for line in content.splitlines())
    except ValidationError as error:
        raise _malformed(folder, GOLDEN_FILE, error) from error
    if not golden:
        raise BundleError(f"bundle {folder}: {GOLDEN_FILE} holds no golden ticket")
    return golden
