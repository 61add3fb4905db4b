"""The bundle's manifest: what the files are and where the model came from; reads no other file."""

from __future__ import annotations

import builtins
import hashlib
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MANIFEST_FILE = "manifest.json"
MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
LABELS_FILE = "labels.json"
CALIBRATION_FILE = "calibration.json"
GOLDEN_FILE = "golden.jsonl"

CONTENT_FILES = (
    MODEL_FILE,
    TOKENIZER_FILE,
    LABELS_FILE,
    CALIBRATION_FILE,
    GOLDEN_FILE,
)
"""Every file of a bundle beside the manifest. A bundle has all of them and no other counts."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileDigest(_Part):
    """What a file must be, to the byte."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)

    @classmethod
    def of(cls, content: builtins.bytes) -> FileDigest:
        """The digest of a file with this content."""
        return cls(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))


class Provenance(_Part):
    """Where the model came from, enough to train it again."""

    base_model: str
    data: str = Field(description="Name of the data set.")
    data_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    training_rows: int = Field(ge=1)
    seed: int
    recipe: dict[str, float | int | str] = Field(description="Hyperparameters of the fit.")
    metrics: dict[str, float] = Field(description="Measured at export; shares lie in 0..1.")
    libraries: dict[str, str] = Field(description="Versions of the libraries of the fit.")
    code_sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="Digest of the code that trained, by `stream_app.bundle.code_sha256`.",
    )


class Manifest(_Part):
    """`manifest.json`. Its own SHA-256 is the digest by which decisions name the model."""

    format: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    created_at: datetime
    max_tokens: int = Field(ge=8, le=8192, description="Longer texts are cut to this many tokens.")
    provenance: Provenance
    files: dict[str, FileDigest]
