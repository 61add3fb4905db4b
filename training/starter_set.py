"""The starter set that ships with the package: our own tickets for the 77 intents."""

from __future__ import annotations

from importlib.resources import as_file, files

from stream_app.labelled_data import Dataset, load_dataset
from stream_app.labelled_data.files import read_examples


def load_starter() -> Dataset:
    """All starter rows as training rows; it has no test part."""
    with as_file(files("training") / "starter") as folder:
        parts = sorted(folder.glob("*.csv"))
        return Dataset(
            name="starter", train=tuple(row for part in parts for row in read_examples(part))
        )


def load_training_data(spec: str) -> Dataset:
    """What `--data` names: `starter`, or whatever `load_dataset` takes and raises."""
    return load_starter() if spec == "starter" else load_dataset(spec)
