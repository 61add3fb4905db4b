"""The gate's limits as YAML; the packaged file gives the reason for each. Judges nothing."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stream_app.errors import UserError

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MarginAndFloor(_Part):
    """How far the lower bound of the difference may be below 0, and the least figure at all."""

    margin: Share
    floor: Share


class AlphaAndFloor(_Part):
    """The p-value at or under which a fall is taken for real, and the least figure at all."""

    alpha: Share
    floor: Share


class AlphaMarginAndFloor(AlphaAndFloor):
    """The same, and how far the figure may fall in any case."""

    margin: Share


class TwoAlphasAndFloor(AlphaAndFloor):
    """The same, and the p-value for all groups together of losing more than elsewhere."""

    family_alpha: Share


class ToleranceAndFloor(_Part):
    """How much the figure may fall, and the least figure at all."""

    tolerance: Share
    floor: Share


class ToleranceAndCeiling(_Part):
    """How much the figure may rise, and the largest figure at all."""

    tolerance: Share
    ceiling: Share


class RatioAndCeiling(_Part):
    """How many times the champion's figure it may be, and the largest figure at all."""

    ratio: float = Field(ge=1.0)
    ceiling: float = Field(gt=0.0)


class Limits(_Part):
    """One entry a criterion; see `limits.yaml` for their meaning and reasons."""

    version: Literal[1]
    macro_f1: MarginAndFloor
    urgent_recall: MarginAndFloor
    urgent_intents: TwoAlphasAndFloor
    told_urgent: AlphaAndFloor
    unreviewed: AlphaMarginAndFloor
    worst_slice: AlphaAndFloor
    calibration: ToleranceAndCeiling
    noise: MarginAndFloor
    out_of_scope: ToleranceAndFloor
    size: RatioAndCeiling
    latency: RatioAndCeiling

    @property
    def sha256(self) -> str:
        """Digest of the values, whatever the file says beside them."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def load_limits(path: Path | None = None) -> Limits:
    """Read `path`, or the packaged limits.

    Raises `UserError` where the file cannot be read or holds no limits.
    """
    source = str(path) if path else "the packaged limits"
    try:
        packaged = files("training.gate") / "limits.yaml"
        content = path.read_bytes() if path else packaged.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read the limits {source}: {error.strerror}") from error
    try:
        return Limits.model_validate(yaml.safe_load(content))
    except yaml.YAMLError as error:
        raise UserError(f"{source} is no valid YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise UserError(f"{source}: {place}: {first['msg']}") from error
