"""Recorded trainings are compared within one data set, and never by the test part."""

from __future__ import annotations

import pytest

from stream_app.errors import UserError
from training.tracking.comparison import RecordedTraining, best_on, ranked


def training(
    run: str, *, data: str, digest: str, held_out: float | None, accuracy: float
) -> RecordedTraining:
    return RecordedTraining(
        run=run,
        began="2026-01-01 10:00",
        data=data,
        data_sha256=digest * 64,
        architecture="tfidf",
        held_out_accuracy=held_out,
        accuracy=accuracy,
        command=f"tickets train --data {data}",
    )


TRAININGS = [
    training("lost", data="cards.csv", digest="a", held_out=None, accuracy=0.99),
    training("lucky", data="cards.csv", digest="a", held_out=0.80, accuracy=0.95),
    training("best", data="cards.csv", digest="a", held_out=0.90, accuracy=0.85),
    training("easy", data="loans.csv", digest="b", held_out=0.99, accuracy=0.99),
]


def test_the_best_is_chosen_on_held_out_rows() -> None:
    assert best_on(TRAININGS, "cards.csv").run == "best"
    assert best_on(TRAININGS[:3], None).run == "best"
    assert [each.run for each in ranked(TRAININGS)] == ["best", "lucky", "lost", "easy"]


def test_several_data_sets_have_to_be_told_apart() -> None:
    with pytest.raises(UserError, match=r"--data one of a{12} \(cards\.csv\), b{12} \(loans"):
        best_on(TRAININGS, None)


def test_a_file_that_changed_is_told_apart_by_its_digest() -> None:
    changed = training("new", data="cards.csv", digest="c", held_out=0.1, accuracy=0.1)
    with pytest.raises(UserError, match="cannot be compared"):
        best_on([*TRAININGS, changed], "cards.csv")
    assert best_on([*TRAININGS, changed], "cccc").run == "new"


@pytest.mark.parametrize("data", [None, "nothing.csv"])
def test_nothing_to_choose_from_is_one_line(data: str | None) -> None:
    with pytest.raises(UserError, match="is recorded there") as told:
        best_on(TRAININGS if data else [], data)
    assert "\n" not in told.value.message
