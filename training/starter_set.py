"""The starter set that ships with the package: our own tickets for the 77 intents."""

from __future__ import annotations

from importlib.resources import as_file, files

from stream_app.labelled_data import Dataset, stratified_split
from stream_app.labelled_data.files import read_examples
from stream_app.labelled_data.load import TEST_SHARE

SPLIT_SEED = 77
"""Fixed, so that two trainings are measured on the same rows."""


def load_starter() -> Dataset:
    """The starter rows, a fixed part of them for testing: no training sees that part."""
    with as_file(files("training") / "starter") as folder:
        parts = sorted(folder.glob("*.csv"))
        rows = [row for part in parts for row in read_examples(part)]
    train, test = stratified_split(rows, share=TEST_SHARE, seed=SPLIT_SEED, least_kept=2)
    return Dataset(name="starter", train=train, test=test)
