"""Decides which taxonomy places a data set's labels; reads files, asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from schemas import Priority
from training.taxonomy.taxonomy import Placement, Taxonomy, load_taxonomy, parse_taxonomy

GENERIC = "generic"
"""Name of the taxonomy that places every label alike, and what `--taxonomy` takes for it."""

GENERIC_PLACEMENT = Placement(category="General Inquiry", priority=Priority.MEDIUM)
"""Neither urgent nor idle: what is pressing is then for the guardrails alone to tell."""

OWN_SHARE = 0.5
"""A packaged taxonomy that knows more than this share of the labels is meant for the data set, and
each label that it lacks is an error; one that knows fewer has a name in common by chance."""


def choose_taxonomy(given: Path | None, *, data: str, intents: Sequence[str]) -> Taxonomy:
    """The taxonomy for the labels `intents` of the data set that `--data` names as `data`.

    The one that is `given`, a file or the word `generic`; else the one beside the data; else the
    packaged one that knows more than `OWN_SHARE` of the labels; else the generic one. Only the
    generic one is sure to place every label. Raises as `load_taxonomy` does.
    """
    if given is not None:
        return generic(intents) if str(given) == GENERIC else load_taxonomy(given)
    if (beside := file_beside(data)).is_file():
        return load_taxonomy(beside)
    best = max(packaged(), key=lambda taxonomy: _known(taxonomy, intents))
    return best if _known(best, intents) > OWN_SHARE * len(intents) else generic(intents)


def file_beside(data: str) -> Path:
    """Where a data set's own taxonomy lies: `taxonomy.yaml` in a folder, `NAME.taxonomy.yaml`
    beside a file `NAME.csv`."""
    path = Path(data)
    return path / "taxonomy.yaml" if path.is_dir() else path.with_suffix(".taxonomy.yaml")


def generic(intents: Sequence[str]) -> Taxonomy:
    """Every label in one category at one priority."""
    return Taxonomy(
        version=1,
        name=GENERIC,
        categories=(GENERIC_PLACEMENT.category,),
        intents=dict.fromkeys(intents, GENERIC_PLACEMENT),
    )


def packaged() -> list[Taxonomy]:
    """The taxonomies that ship with the package, by name."""
    entries = sorted(files("training.taxonomy").iterdir(), key=lambda entry: entry.name)
    return [
        parse_taxonomy(entry.read_bytes(), source=entry.name)
        for entry in entries
        if entry.name.endswith(".yaml")
    ]


def _known(taxonomy: Taxonomy, intents: Sequence[str]) -> int:
    return sum(intent in taxonomy.intents for intent in intents)
