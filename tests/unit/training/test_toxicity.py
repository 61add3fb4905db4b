"""The toxicity rows: labelled, the same each time, and no test sentence in the training part."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from training.named_data import load_judging_rows, load_training_data
from training.taxonomy import choose_taxonomy
from training.toxicity.data import FINE, FINE_TWEETS, TOXIC, load_toxicity, read_sentences


@pytest.fixture(autouse=True)
def _no_tweets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TICKETS_DATA_DIR", raising=False)


def test_the_named_set_has_two_labels_in_every_part_and_a_taxonomy() -> None:
    dataset = load_training_data("toxicity")
    for part in (dataset.train, dataset.validation, dataset.test):
        assert {row.intent for row in part} == {TOXIC, FINE}
    assert load_judging_rows("toxicity") == dataset.test
    assert choose_taxonomy(None, data="toxicity", intents=dataset.intents).name == "toxicity"


def test_two_calls_give_the_same_rows() -> None:
    assert load_toxicity().sha256 == load_toxicity().sha256


def test_no_slot_is_left_open_and_each_is_known() -> None:
    sentences = read_sentences()
    dataset = load_toxicity()
    assert not any("{" in row.text for row in (*dataset.train, *dataset.validation, *dataset.test))
    used = {
        slot
        for kinds in (sentences.toxic, sentences.fine)
        for texts in kinds.values()
        for text in texts
        for slot in re.findall(r"\{(\w+)\}", text)
    }
    assert used == set(sentences.slots)


def test_no_sentence_of_the_test_part_is_trained_on_in_another_filling() -> None:
    sentences = read_sentences()
    fillings = {
        text: re.compile(
            re.sub(r"\\\{\w+\\\}", "(.+)", re.escape(text)).replace(r"\ ", " "), re.IGNORECASE
        )
        for kinds in (sentences.toxic, sentences.fine)
        for texts in kinds.values()
        for text in texts
        if len(re.sub(r"\{\w+\}", "", text)) > 30
    }
    dataset = load_toxicity()
    for row in dataset.test:
        for pattern in fillings.values():
            if pattern.fullmatch(row.text):
                assert not any(pattern.fullmatch(other.text) for other in dataset.train), row.text


def test_tweets_join_the_training_rows_where_their_annotators_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "davidson_offensive" / "labeled.csv"
    path.parent.mkdir()
    rows = [
        ("RT @user: agreed hate &amp; more", 3, 3, 0, 0),
        ("doubted hate", 3, 2, 1, 0),
        ("only offensive", 3, 0, 3, 0),
        *((f"harmless {number}", 3, 0, 0, 3) for number in range(FINE_TWEETS + 5)),
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "annotators", "n_hate", "n_offensive", "n_neither"])
        writer.writerows(rows)
    without = load_toxicity()
    monkeypatch.setenv("TICKETS_DATA_DIR", str(tmp_path))
    added = load_toxicity().train[len(without.train) :]
    assert [row.text for row in added if row.intent == TOXIC] == ["agreed hate & more"]
    assert sum(row.intent == FINE for row in added) == FINE_TWEETS
