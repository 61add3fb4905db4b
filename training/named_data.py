"""What `--data` and `--against` name: the packaged sets by their names, all else as a file."""

from __future__ import annotations

from pathlib import Path

from stream_app.errors import UserError
from stream_app.labelled_data import (
    Dataset,
    Example,
    load_dataset,
    load_test_part,
    load_test_rows,
)
from training.starter_set import load_starter
from training.toxicity.data import load_toxicity

PACKAGED = {"starter": load_starter, "toxicity": load_toxicity}


def load_training_data(spec: str) -> Dataset:
    """A packaged set, or whatever `load_dataset` takes and raises."""
    return PACKAGED[spec]() if spec in PACKAGED else load_dataset(spec)


def load_judging_rows(spec: str) -> tuple[Example, ...]:
    """The rows to judge a model by: the test part, which no training on `spec` fits.

    A single file has one too, whose rows stay in it when the file grows, but for what
    `split_by_text` says of small intents. Whoever wants to judge by all rows of a file puts it into
    a folder as `test.csv`. Raises `UserError` where there is no such row, and as `load_test_rows`
    does.
    """
    if spec in PACKAGED:
        return PACKAGED[spec]().test
    path = Path(spec)
    rows = load_test_part(path) if path.is_file() else load_test_rows(spec)
    if not rows:
        raise UserError(
            f"{spec} has too few rows to judge by those that training leaves out: if no model "
            "learned from it, put it into a folder as test.csv and name the folder"
        )
    return rows
