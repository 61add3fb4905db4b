"""A head learns from its tickets, and its graph says what was learned."""

from __future__ import annotations

import csv
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_app.bundle import read_bundle
from stream_app.inference import TROUBLE_OUTPUT, Encoder, OnnxClassifier
from stream_app.inference.encoder import pad
from tests.unit.tiny_bundle import write_tiny_bundle
from training.graph import run_graph
from training.heads import (
    QUESTIONS,
    Head,
    HeadRows,
    asked,
    attach_head,
    fit_head,
    head_rows,
    teaching_tickets,
    token_rows,
)
from training.heads.data import NUMBERS, abuse_examples, trouble_examples, urgency_examples
from training.heads.head import PAIR_BUCKETS, PAIR_FACTOR
from training.train import add_heads

DESK_TICKETS = Path(__file__).parents[3] / "benchmarks" / "desk_tickets" / "tickets.csv"
VOCABULARY = 4
ROWS = [[1, 2, 0], [1, 3, 0], [1, 2, 2, 0], [1, 3, 3, 0], [1, 2], [1, 3]]
NO_EMBEDDING = np.zeros((6, 4), dtype=np.float32)
URGENT = [True, False, True, False, True, False]


def _rows(rows: list[list[int]], yes: list[bool], weights: list[float] | None = None) -> HeadRows:
    return HeadRows(
        rows * 2,
        np.array(yes * 2),
        np.array(weights * 2 if weights else [1.0] * 2 * len(rows)),
        aside=np.arange(2 * len(rows)) >= len(rows),
    )


def head_probabilities(
    head: Head, rows: list[list[int]], embedding: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """What `head` says of each row, worked out weight by weight; shape (rows,)."""
    log_odds = np.full(len(rows), head.bias)
    for place, row in enumerate(rows):
        pairs = [(a * PAIR_FACTOR + b) % PAIR_BUCKETS for a, b in pairwise(row)]
        log_odds[place] += (head.tokens[row].sum() + head.pairs[pairs].sum()) / len(row) ** 0.5
    if head.directions is not None:
        log_odds += embedding @ head.directions
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


@pytest.fixture(scope="module")
def head() -> Head:
    return fit_head(_rows(ROWS, URGENT), vocabulary=VOCABULARY)


@pytest.fixture(scope="module")
def session(head: Head, tmp_path_factory: pytest.TempPathFactory) -> ort.InferenceSession:
    folder = write_tiny_bundle(tmp_path_factory.mktemp("bundles") / "tiny")
    graph = read_bundle(folder).model_path
    attach_head(graph, head, "urgency")
    return ort.InferenceSession(str(graph))


def _probabilities(session: ort.InferenceSession, rows: list[list[int]]) -> list[float]:
    input_ids, attention_mask = pad(rows)
    (urgency,) = session.run(
        ["urgency"], {"input_ids": input_ids, "attention_mask": attention_mask}
    )
    return [float(probability) for probability in urgency]


def test_the_graph_tells_apart_what_was_fitted(session: ort.InferenceSession) -> None:
    assert [probability > 0.5 for probability in _probabilities(session, ROWS)] == URGENT


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=6), min_size=1, max_size=5
    )
)
def test_other_tickets_of_the_batch_change_nothing(
    session: ort.InferenceSession, rows: list[list[int]]
) -> None:
    together = _probabilities(session, rows)
    alone = [_probabilities(session, [row])[0] for row in rows]
    assert together == pytest.approx(alone, abs=1e-6)


def test_the_graph_says_what_the_head_says(session: ort.InferenceSession, head: Head) -> None:
    expected = head_probabilities(head, ROWS, NO_EMBEDDING)
    assert _probabilities(session, ROWS) == pytest.approx(list(expected), abs=1e-5)


def test_a_served_bundle_tells_urgency_and_one_without_the_head_does_not(
    tmp_path: Path,
) -> None:
    folder = write_tiny_bundle(tmp_path / "tiny")
    bundle = read_bundle(folder)
    plain = OnnxClassifier(bundle, lanes=1)
    (prediction,) = plain.classify(["stolen"])
    plain.close()
    assert prediction.urgency is None
    (ids,) = _ids(bundle.tokenizer_path)
    head = fit_head(_rows([ids, [0]], [True, False]), vocabulary=max(ids) + 1)
    attach_head(bundle.model_path, head, "urgency")
    serving = OnnxClassifier(bundle, lanes=1)
    (prediction,) = serving.classify(["stolen"])
    serving.close()
    assert prediction.urgency is not None
    assert prediction.urgency > 0.5
    assert prediction.trouble is None


def _ids(tokenizer_path: Path) -> list[list[int]]:
    return Encoder(tokenizer_path, max_tokens=8).encode(["stolen"])


def test_a_heavier_row_counts_more() -> None:
    def odds(weight: float) -> float:
        rows, yes = [[1], [1], [2]], [True, False, False]
        both = fit_head(_rows(rows, yes, [weight, 1.0, 1.0]), vocabulary=3)
        return float(both.tokens[1]) + both.bias

    assert odds(3.0) > odds(1.0) > odds(0.3)


def _taught(seed: int, *, words_say: float, points_say: float) -> HeadRows:
    """400 rows. Words and points are right about the rows that are fitted, and about those aside
    as often as these say."""
    chance = np.random.default_rng(seed)
    yes = chance.random(400) < 0.5
    aside = np.arange(400) % 4 == 0
    right_words = ~aside | (chance.random(400) < words_say)
    right_points = ~aside | (chance.random(400) < points_say)
    word = np.where(yes == right_words, 2, 3)
    points = chance.normal(size=(400, 4)).astype(np.float32)
    points[:, 0] = np.where(yes == right_points, 1.0, -1.0)
    rows = [[1, int(token), 0] for token in word]
    return HeadRows(rows, yes, np.ones(400), aside, points)


@pytest.mark.parametrize(
    ("words_say", "points_say", "believed"), [(0.5, 0.95, "points"), (0.95, 0.1, "words")]
)
def test_each_part_is_believed_as_far_as_the_rows_aside_bear_it_out(
    words_say: float, points_say: float, believed: str
) -> None:
    learned = _taught(4, words_say=words_say, points_say=points_say)
    head = fit_head(learned, vocabulary=VOCABULARY)
    assert head.directions is not None
    # Two rows in which words and points contradict each other.
    rows, points = [[1, 2, 0], [1, 3, 0]], np.zeros((2, 4), dtype=np.float32)
    points[:, 0] = (-1.0, 1.0)
    said = head_probabilities(head, rows, points) > 0.5
    assert said.tolist() == ([False, True] if believed == "points" else [True, False])
    assert points_say > 0.5 or not head.directions.any()


def test_a_head_that_nothing_bears_out_says_how_often_the_answer_is_yes() -> None:
    learned = _taught(4, words_say=0.1, points_say=0.1)
    head = fit_head(learned, vocabulary=VOCABULARY)
    said = head_probabilities(head, [[1, 2, 0], [1, 3, 0]], np.eye(2, 4, dtype=np.float32))
    assert said == pytest.approx(learned.yes[learned.aside].mean())


def test_a_graph_that_reads_its_embedding_says_what_the_head_says(tmp_path: Path) -> None:
    head = fit_head(_taught(4, words_say=0.8, points_say=0.8), vocabulary=VOCABULARY)
    graph = read_bundle(write_tiny_bundle(tmp_path / "tiny")).model_path
    attach_head(graph, head, "urgency")
    session = ort.InferenceSession(str(graph))
    input_ids, attention_mask = pad(ROWS)
    embedding, urgency = session.run(
        ["embedding", "urgency"], {"input_ids": input_ids, "attention_mask": attention_mask}
    )
    assert np.abs(urgency - 0.5).max() > 0.1
    assert head_probabilities(head, ROWS, embedding) == pytest.approx(urgency, abs=1e-5)


def test_all_heads_of_a_taught_encoder_join_its_graph(tmp_path: Path) -> None:
    bundle = read_bundle(write_tiny_bundle(tmp_path / "tiny"))
    encoder = Encoder(bundle.tokenizer_path, max_tokens=64)
    add_heads(bundle.model_path, bundle.tokenizer_path, 64, taught=True)
    session = ort.InferenceSession(str(bundle.model_path))
    texts = ["stolen", "delivery of a password"]
    rows = encoder.encode(texts)
    input_ids, attention_mask = pad(rows)
    said = session.run(
        [question.output for question in QUESTIONS],
        {"input_ids": input_ids, "attention_mask": attention_mask},
    )
    place = [question.output for question in QUESTIONS].index(TROUBLE_OUTPUT)
    row_of = token_rows(encoder)
    points = run_graph(bundle.model_path, list(row_of.values())).embedding
    learned = head_rows(QUESTIONS[place], row_of, dict(zip(row_of, points, strict=True)))
    head = fit_head(learned, vocabulary=encoder.vocabulary)
    embedding = run_graph(bundle.model_path, rows).embedding
    expected = head_probabilities(head, rows, embedding)
    assert said[place] == pytest.approx(expected, abs=1e-4)


def test_its_tickets_are_of_both_kinds_and_none_is_one_that_measures() -> None:
    with DESK_TICKETS.open(encoding="utf-8", newline="") as file:
        measuring = {row["text"].casefold() for row in csv.DictReader(file)}
    examples = urgency_examples()
    texts = [example.text.casefold() for example in examples]
    assert len(set(texts)) == len(texts)
    assert measuring.isdisjoint(texts)
    written = np.array([example.yes for example in examples if example.weight == 1.0])
    assert len(written) > 2_000
    assert 0.3 < written.mean() < 0.6


def test_abuse_is_learned_from_both_sides_of_its_edge() -> None:
    written = [example.yes for example in abuse_examples() if example.weight == 1.0]
    assert sum(written) > 800
    assert sum(written) < len(written) - 800


def test_the_tenth_set_aside_teaches_no_encoder_and_has_no_near_copy_in_a_fit() -> None:
    examples = urgency_examples()
    aside = {example.text for example in examples if example.aside}
    assert 0.08 < len(aside) / len(examples) < 0.12
    left_out = next(example.text for example in examples if not example.aside)
    texts, answers = teaching_tickets({left_out})
    assert aside.isdisjoint(texts)
    assert left_out not in texts
    assert answers.shape == (len(texts), len(QUESTIONS))
    assert np.isin(answers[~np.isnan(answers)], (0.0, 1.0)).all()
    side = {example.text: example.aside for example in examples}
    numbered = [
        (text, plain)
        for number in NUMBERS
        for text in side
        if (plain := re.sub(rf" {re.escape(number)} [\d ]+$", "", text)) != text and plain in side
    ]
    assert len(numbered) > 1_000
    assert all(side[text] == side[plain] for text, plain in numbered)


def test_what_an_encoder_is_asked_is_drawn_anew_in_each_epoch_and_alike_in_each_fit(
    tmp_path: Path,
) -> None:
    bundle = read_bundle(write_tiny_bundle(tmp_path / "tiny"))
    encoder = Encoder(bundle.tokenizer_path, max_tokens=64)

    def epoch(number: int, seed: int) -> tuple[list[list[int]], list[list[float]]]:
        drawn = asked(encoder, rows=50, noised_share=0.5, seed=seed, without=())
        assert drawn.rows == 50
        rows, answers = drawn.of_epoch(number)
        return [list(row) for row in rows], np.nan_to_num(answers, nan=-1.0).tolist()

    first = epoch(1, seed=7)
    assert [len(part) for part in first] == [50, 50]
    assert len(first[1][0]) == len(QUESTIONS)
    assert epoch(1, seed=7) == first
    assert epoch(2, seed=7)[1] != first[1]
    assert epoch(1, seed=8)[1] != first[1]


def test_trouble_is_learned_from_tickets_that_can_wait() -> None:
    urgent = {example.text for example in urgency_examples() if example.yes}
    examples = trouble_examples()
    assert urgent.isdisjoint(example.text for example in examples)
    share = np.mean([example.yes for example in examples])
    assert 0.3 < share < 0.7
