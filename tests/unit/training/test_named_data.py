"""A model is never judged by the rows that it was fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.errors import UserError
from stream_app.labelled_data import load_test_rows
from training.named_data import load_judging_rows, load_training_data


def labelled(path: Path, *, rows_each: int) -> str:
    lines = [f"{intent} {at},{intent}" for intent in ("cards", "loans") for at in range(rows_each)]
    path.write_text("\n".join(["text,intent", *lines]) + "\n")
    return str(path)


def test_of_a_file_the_test_part_alone_is_left(tmp_path: Path) -> None:
    spec = labelled(tmp_path / "own.csv", rows_each=20)
    rows, dataset = load_judging_rows(spec), load_training_data(spec)
    assert rows == dataset.test
    assert not set(rows) & set(dataset.train)


def test_a_file_that_grew_has_no_row_that_an_older_model_was_fitted_on(tmp_path: Path) -> None:
    older = load_training_data(labelled(tmp_path / "older.csv", rows_each=40))
    rows = load_judging_rows(labelled(tmp_path / "newer.csv", rows_each=90))
    assert set(older.test) < set(rows)
    assert not set(rows) & set(older.train)


def test_a_folder_with_test_rows_alone_is_judged_by_whole(tmp_path: Path) -> None:
    labelled(tmp_path / "test.csv", rows_each=20)
    assert len(load_judging_rows(str(tmp_path))) == 40


def test_a_file_that_leaves_no_test_rows_is_refused(tmp_path: Path) -> None:
    spec = labelled(tmp_path / "few.csv", rows_each=2)
    with pytest.raises(UserError, match="too few rows to judge by") as refused:
        load_judging_rows(spec)
    assert "\n" not in refused.value.message


def test_a_file_that_no_model_can_be_trained_on_is_judged_by_whole(tmp_path: Path) -> None:
    spec = labelled(tmp_path / "one_each.csv", rows_each=1)
    assert load_judging_rows(spec) == load_test_rows(spec)
