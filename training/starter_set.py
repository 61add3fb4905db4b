"""The starter set that ships with the package: our own tickets for the 77 intents."""

from __future__ import annotations

from importlib.resources import as_file, files

from stream_app.labelled_data import (
    Dataset,
    Example,
    load_dataset,
    load_test_rows,
    stratified_split,
)
from stream_app.labelled_data.files import read_examples
from stream_app.labelled_data.load import SPLIT_SEED, TEST_SHARE


def load_starter() -> Dataset:
    """The starter rows, a fixed part of them for testing: no training sees that part."""
    with as_file(files("training") / "starter") as folder:
        parts = sorted(folder.glob("*.csv"))
        rows = [row for part in parts for row in read_examples(part)]
    train, test = stratified_split(rows, share=TEST_SHARE, seed=SPLIT_SEED, least_kept=2)
    return Dataset(name="starter", train=train, test=test)


def load_training_data(spec: str) -> Dataset:
    """What `--data` names: `starter`, or whatever `load_dataset` takes and raises."""
    return load_starter() if spec == "starter" else load_dataset(spec)


def load_measured_rows(spec: str) -> tuple[Example, ...]:
    """The rows to judge a model by: the test part of `starter`, or as `load_test_rows` says."""
    return load_starter().test if spec == "starter" else load_test_rows(spec)
