"""How a bundle lies in the MLflow registry: artifact path, tags and aliases; imports nothing.

Both sides go by these names: training writes them, the worker reads them.
"""

from __future__ import annotations

from typing import Literal

ARTIFACT_PATH = "bundle"
"""Folder of the bundle's files among the artifacts of the run that registered it."""

BUNDLE_DIGEST_TAG = "bundle_digest"
"""Version tag: `sha256:` and the SHA-256 of the bundle's manifest, as decisions name it."""

BUNDLE_NAME_TAG = "bundle_name"
BUNDLE_VERSION_TAG = "bundle_version"
"""Version tags: name and version of the bundle's own manifest."""

GATE_TAG = "gate"
"""Version tag: what the gate said last, a `GateVerdict`."""

GateVerdict = Literal[
    "passed", "failed", "passed:own-limits", "failed:own-limits", "forced", "absent"
]
"""`absent`: no gate has looked at the version. `forced`: promoted against the gate's word.
`own-limits`: judged by other limits than the packaged ones."""

CHAMPION = "champion"
"""Alias of the version that serves."""

CHALLENGER = "challenger"
"""Alias of the version that is scored in shadow."""

PREVIOUS_CHAMPIONS_TAG = "previous_champion"
"""Tag of the registered model: the version numbers of the champions before this one, separated by
commas, the last of which a rollback goes back to."""

CHAMPION_BY_TAG = "champion_by"
"""Version tag: by which `Move` the version became the champion last."""

Move = Literal["promotion", "rollback"]


def bundle_source(run_id: str) -> str:
    """Source of a model version whose bundle was logged by this run."""
    return f"runs:/{run_id}/{ARTIFACT_PATH}"
