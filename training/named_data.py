"""What `--data` and `--against` name: the packaged sets by their names, all else as a file."""

from __future__ import annotations

from collections.abc import Collection

from stream_app.errors import Unavailable, UserError
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


def unseen_rows(
    spec: str, rows: tuple[Example, ...], trained_on: Collection[str]
) -> tuple[Example, ...]:
    """Of the `rows` of `spec` those that no model of the data sets `trained_on` was fitted on.

    `trained_on` holds digests of data sets, as provenances do. Where `spec` is one of them, its
    test part alone is left: a model knows the other rows by heart. Raises `UserError` where that
    part is empty, and as `load_dataset` does where a file cannot be read.
    """
    try:
        dataset = load_training_data(spec)
    except Unavailable:
        raise
    except UserError:
        # No model can be trained on it, so none was.
        return rows
    if dataset.sha256 not in trained_on:
        return rows
    if not dataset.test:
        raise UserError(
            f"{spec} is what the model was trained on and leaves no test rows: judge by other "
            "labelled tickets"
        )
    return dataset.test
