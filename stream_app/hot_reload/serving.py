"""The one reference to the model that serves, and the closing of those that did; thread-safe.

Owns open models from the moment they are handed in. A model is closed only when no micro-batch
holds it any more.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from stream_app.inference import OnnxClassifier


@dataclass(eq=False, slots=True)
class Served:
    """An open model. `number` is its registry version, None for one that came from a folder."""

    classifier: OnnxClassifier
    number: int | None
    holders: int = field(default=0, init=False)

    @property
    def digest(self) -> str:
        """`sha256:<hex>` of its manifest."""
        return self.classifier.reference.digest


class ServingModel:
    """The current model, and the previous one for a swap back without a download."""

    def __init__(self, first: Served) -> None:
        self._lock = threading.Lock()
        self._current = first
        self._previous: Served | None = None
        self._retired: set[Served] = set()

    @property
    def current(self) -> Served:
        """What the next micro-batch is decided with."""
        return self._current

    @property
    def previous(self) -> Served | None:
        """What served before; still open."""
        return self._previous

    @contextmanager
    def hold(self) -> Iterator[OnnxClassifier]:
        """The current model for one micro-batch; it stays open until the block ends."""
        with self._lock:
            held = self._current
            held.holders += 1
        try:
            yield held.classifier
        finally:
            with self._lock:
                held.holders -= 1
                last = held.holders == 0 and held in self._retired
                if last:
                    self._retired.discard(held)
            if last:
                held.classifier.close()

    def swap(self, new: Served) -> None:
        """Let `new` serve from the next micro-batch on; `new` may be the previous model."""
        with self._lock:
            older = self._previous
            self._previous = self._current
            self._current = new
            if older is None or older is new:
                return
            unused = older.holders == 0
            if not unused:
                self._retired.add(older)
        if unused:
            older.classifier.close()

    def close(self) -> None:
        """End every model, at the end of the worker: what they still decide is redelivered."""
        with self._lock:
            open_models = {self._current, self._previous, *self._retired}
        for model in open_models:
            if model is not None:
                model.classifier.close()
