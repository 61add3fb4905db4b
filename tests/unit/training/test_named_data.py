"""A model is never judged by the rows that it was fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.errors import UserError
from training.named_data import load_measured_rows, load_training_data, unseen_rows


def labelled(path: Path, *, rows_each: int) -> str:
    lines = [f"{intent} {at},{intent}" for intent in ("cards", "loans") for at in range(rows_each)]
    path.write_text("\n".join(["text,intent", *lines]) + "\n")
    return str(path)


def test_of_the_file_that_a_model_was_trained_on_the_test_part_alone_is_left(
    tmp_path: Path,
) -> None:
    spec = labelled(tmp_path / "own.csv", rows_each=20)
    rows, dataset = load_measured_rows(spec), load_training_data(spec)
    assert unseen_rows(spec, rows, {"0" * 64}) == rows
    left = unseen_rows(spec, rows, {dataset.sha256, "0" * 64})
    assert left == dataset.test
    assert not set(left) & set(dataset.train)


def test_a_file_that_left_no_test_rows_is_refused(tmp_path: Path) -> None:
    spec = labelled(tmp_path / "few.csv", rows_each=2)
    rows, dataset = load_measured_rows(spec), load_training_data(spec)
    with pytest.raises(UserError, match="leaves no test rows") as refused:
        unseen_rows(spec, rows, {dataset.sha256})
    assert "\n" not in refused.value.message


def test_a_file_that_no_model_can_be_trained_on_is_judged_by_whole(tmp_path: Path) -> None:
    spec = labelled(tmp_path / "one_each.csv", rows_each=1)
    rows = load_measured_rows(spec)
    assert unseen_rows(spec, rows, {"0" * 64}) == rows
