"""The two models of the demo: the one that it starts with and the one that follows it.

The first learns from half of the starter set, the second from all of it: as on a desk that has
labelled more tickets since.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stream_app.bundle import BundleError, list_bundles, read_bundle


@dataclass(frozen=True, slots=True)
class DemoModel:
    """A model that the demo trains unless its store has one; `options` are `tickets train`'s."""

    name: str
    options: tuple[str, ...]

    def kept(self, store: Path) -> Path | None:
        """The newest whole bundle of this model in `store`."""
        for folder in reversed(list_bundles(store)):
            try:
                if read_bundle(folder).manifest.name == self.name:
                    return folder
            except BundleError:
                continue
        return None


FIRST = DemoModel(
    name="starter-half", options=("--quick", "--no-track", "--set", "held_out_share=0.5")
)

SECOND = DemoModel(name="starter", options=("--quick", "--no-track"))
"""Has the name that `tickets train` gives, so that other commands find it after the demo."""
