"""What `--data` and `--against` name: the packaged sets by their names, all else as a file."""

from __future__ import annotations

from pathlib import Path

from stream_app.errors import Unavailable, UserError
from stream_app.labelled_data import Dataset, Example, load_dataset, load_test_rows
from training.starter_set import load_starter
from training.toxicity.data import load_toxicity

PACKAGED = {"starter": load_starter, "toxicity": load_toxicity}


def load_training_data(spec: str) -> Dataset:
    """A packaged set, or whatever `load_dataset` takes and raises."""
    return PACKAGED[spec]() if spec in PACKAGED else load_dataset(spec)


def load_judging_rows(spec: str) -> tuple[Example, ...]:
    """The rows to judge a model by, none of which was fitted where `spec` is what it learned from.

    Of a single file that is the test part, which a file keeps when it grows: whoever wants to judge
    by all rows of a file puts it into a folder as `test.csv`. Raises `UserError` where that part
    is empty, and as `load_test_rows` does.
    """
    if spec in PACKAGED:
        return PACKAGED[spec]().test
    if not Path(spec).is_file():
        return load_test_rows(spec)
    try:
        rows = load_dataset(spec).test
    except Unavailable:
        raise
    except UserError:
        # No model can be trained on it, so none was; and if nothing can be read, this says so.
        return load_test_rows(spec)
    if not rows:
        raise UserError(
            f"{spec} has too few rows to judge by those that training leaves out: if no model "
            "learned from it, put it into a folder as test.csv and name the folder"
        )
    return rows
