"""What the worker and its preparing process say to each other, one JSON object a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stream_app.registry.version import RegisteredVersion


class _Call(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Setup(_Call):
    """The first line: which registry, and where bundles are kept."""

    call: Literal["setup"] = "setup"
    tracking_uri: str
    model: str
    cache: Path


class Resolve(_Call):
    """Which version does `alias` point at? Answered with `Resolved`."""

    call: Literal["resolve"] = "resolve"
    alias: str


class Fetch(_Call):
    """Download the version's bundle, or find it in the cache. Answered with `Fetched`."""

    call: Literal["fetch"] = "fetch"
    version: RegisteredVersion


class Check(_Call):
    """Open the bundle and run its golden tickets. Answered with `Done`."""

    call: Literal["check"] = "check"
    folder: Path


class OpenChallenger(_Call):
    """Check the bundle and keep it open for `Score`. Answered with `Done`."""

    call: Literal["open_challenger"] = "open_challenger"
    folder: Path


class Score(_Call):
    """Classify `texts` with the open challenger. Answered with `Scored`."""

    call: Literal["score"] = "score"
    texts: list[str]


Call = Setup | Resolve | Fetch | Check | OpenChallenger | Score


class Resolved(_Call):
    """`version` is None where the alias points at nothing."""

    answer: Literal["resolved"] = "resolved"
    version: RegisteredVersion | None


class Fetched(_Call):
    """The bundle lies in `folder` and every checksum is right."""

    answer: Literal["fetched"] = "fetched"
    folder: Path


class Done(_Call):
    """It worked."""

    answer: Literal["done"] = "done"


class Scored(_Call):
    """One intent a text, in order, and the processor time that they took together."""

    answer: Literal["scored"] = "scored"
    intents: list[str]
    seconds: float


class Failed(_Call):
    """It did not work. `bundle`: this version never will; `unavailable`: it may later."""

    answer: Literal["failed"] = "failed"
    blame: Literal["bundle", "unavailable"]
    message: str


Answer = Resolved | Fetched | Done | Scored | Failed

# An error must not show its input: `Score` holds what customers wrote.
_HIDDEN = ConfigDict(hide_input_in_errors=True)
CALLS: TypeAdapter[Call] = TypeAdapter(Annotated[Call, Field(discriminator="call")], config=_HIDDEN)
ANSWERS: TypeAdapter[Answer] = TypeAdapter(
    Annotated[Answer, Field(discriminator="answer")], config=_HIDDEN
)
