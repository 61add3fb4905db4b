"""The two models of the demo: the one that it starts with and the one that follows it.

The first learns from a seventh of the starter set, the second from all of it: as on a desk that has
labelled more tickets since. Finds them, or has them trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from stream_app.bundle import code_sha256, list_bundles, read_bundle
from stream_app.demo.child_command import ChildCommand
from stream_app.errors import Unavailable

FIRST = "starter-few"
SECOND = "starter"
"""The name that `tickets train` gives too, so that other commands find it after the demo."""


def kept_bundle(store: Path, name: str) -> Path | None:
    """The newest whole bundle called `name` in `store` that today's code trained."""
    for folder in reversed(list_bundles(store)):
        try:
            manifest = read_bundle(folder).manifest
        except Unavailable:
            continue
        if manifest.name == name and manifest.provenance.code_sha256 == code_sha256():
            return folder
    return None


class DemoModels:
    """Both models: those that the store has, and the training of the others."""

    def __init__(self, kept: Mapping[str, Path], training: ChildCommand | None) -> None:
        self._kept = kept
        self._training = training

    @property
    def trained(self) -> bool:
        """Whether any of them is made in this run."""
        return self._training is not None

    @property
    def seconds(self) -> float:
        """How long the training has been running."""
        return self._training.seconds if self._training else 0.0

    @property
    def progress(self) -> str:
        """What the training said last."""
        return self._training.progress if self._training else ""

    def bundle(self, name: str) -> Path | None:
        """The folder of a model; None while it is not there yet.

        Raises `Unavailable` with the training's own last line where it failed.
        """
        if name in self._kept:
            return self._kept[name]
        results = self._training.results() if self._training else []
        return next((Path(each["bundle"]) for each in results if each.get("name") == name), None)


def begin_models(stack: ExitStack, store: Path, *, retrain: bool) -> DemoModels:
    """Find the models in `store` and start the training of what is missing; `stack` ends it."""
    kept = {}
    for name in (FIRST, SECOND):
        folder = None if retrain else kept_bundle(store, name)
        if folder is not None:
            kept[name] = folder
    missing = [name for name in (FIRST, SECOND) if name not in kept]
    training = None
    if missing:
        training = stack.enter_context(
            ChildCommand(
                "the training", "training.demo_models", str(store), *missing, environment={}
            )
        )
    return DemoModels(kept, training)
