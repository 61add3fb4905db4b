"""What `--data` and `--against` name: the packaged sets by their names, all else as a file."""

from __future__ import annotations

from stream_app.labelled_data import Dataset, Example, load_dataset, load_test_rows
from training.starter_set import load_starter
from training.toxicity.data import load_toxicity

PACKAGED = {"starter": load_starter, "toxicity": load_toxicity}


def load_training_data(spec: str) -> Dataset:
    """A packaged set, or whatever `load_dataset` takes and raises."""
    return PACKAGED[spec]() if spec in PACKAGED else load_dataset(spec)


def load_measured_rows(spec: str) -> tuple[Example, ...]:
    """The rows to judge a model by: a packaged set's test part, or as `load_test_rows` says."""
    return PACKAGED[spec]().test if spec in PACKAGED else load_test_rows(spec)
