"""A model is never judged by the rows that it was fitted on."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.errors import UserError
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


def test_a_grown_file_that_no_model_can_be_trained_on_is_no_way_round(tmp_path: Path) -> None:
    path = tmp_path / "grown.csv"
    older = load_training_data(labelled(path, rows_each=40))
    path.write_text(path.read_text() + "the first of its kind,fees\n")
    with pytest.raises(UserError, match="fewer than 2 training rows: fees"):
        load_training_data(str(path))
    assert load_judging_rows(str(path)) == older.test


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_leaves_no_test_rows_is_refused(tmp_path: Path, kind: str) -> None:
    spec = labelled(tmp_path / "train.csv", rows_each=2)
    with pytest.raises(UserError, match="too few rows to judge by") as refused:
        load_judging_rows(spec if kind == "file" else str(tmp_path))
    assert "\n" not in refused.value.message
