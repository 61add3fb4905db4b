"""What a verified bundle holds in memory, short of the graph, which stays a file on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from schemas import ModelReference, Priority
from stream_app.bundle.manifest import Manifest


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Label(_Part):
    """One intent: row `i` of `labels.json` names logit `i`."""

    intent: str = Field(min_length=1)
    category: str = Field(min_length=1)
    priority: Priority


class Calibration(_Part):
    """How scores become probabilities, and when they are too weak to trust.

    `temperature` divides the logits before the softmax (Guo et al. 2017, "On Calibration of
    Modern Neural Networks"). A top probability under `review_below` is unsure. A ticket whose scope
    score is under `out_of_scope_below` fits no intent.
    """

    temperature: float = Field(gt=0.0)
    review_below: float = Field(ge=0.0, le=1.0)
    out_of_scope_below: float = Field(allow_inf_nan=False)


class GoldenTicket(_Part):
    """A text and the answer that the shipped graph gave for it when it was exported."""

    text: str = Field(min_length=1)
    intent: str
    confidence: float = Field(ge=0.0, le=1.0)


@dataclass(frozen=True)
class Bundle:
    """A bundle whose every byte was checked against its manifest.

    `model_path` and `tokenizer_path` are the checked files.
    """

    manifest: Manifest
    digest: str
    labels: tuple[Label, ...]
    calibration: Calibration
    golden: tuple[GoldenTicket, ...]
    model_path: Path
    tokenizer_path: Path

    @property
    def reference(self) -> ModelReference:
        """How decisions name this bundle."""
        return ModelReference(
            name=self.manifest.name, version=self.manifest.version, digest=f"sha256:{self.digest}"
        )
