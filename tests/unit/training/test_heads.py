"""A head learns from its tickets, and its graph says what was learned."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_app.bundle import read_bundle
from stream_app.inference import Encoder, OnnxClassifier
from stream_app.inference.encoder import pad
from tests.unit.tiny_bundle import write_tiny_bundle
from training.heads import (
    Head,
    attach_head,
    fit_head,
    head_probabilities,
    trouble_examples,
    urgency_examples,
)

DESK_TICKETS = Path(__file__).parents[3] / "benchmarks" / "desk_tickets" / "tickets.csv"
VOCABULARY = 4
ROWS = [[1, 2, 0], [1, 3, 0], [1, 2, 2, 0], [1, 3, 3, 0], [1, 2], [1, 3]]
URGENT = [True, False, True, False, True, False]


@pytest.fixture(scope="module")
def head() -> Head:
    return fit_head(ROWS, URGENT, [1.0] * len(ROWS), vocabulary=VOCABULARY)


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


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
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
    expected = head_probabilities(head, ROWS)
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
    head = fit_head([ids, [0]], [True, False], [1.0, 1.0], vocabulary=max(ids) + 1)
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
        both = fit_head([[1], [1], [2]], [True, False, False], [weight, 1.0, 1.0], vocabulary=3)
        return float(both.tokens[1]) + both.bias

    assert odds(3.0) > odds(1.0) > odds(0.3)


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


def test_trouble_is_learned_from_tickets_that_can_wait() -> None:
    urgent = {example.text for example in urgency_examples() if example.yes}
    examples = trouble_examples()
    assert urgent.isdisjoint(example.text for example in examples)
    share = np.mean([example.yes for example in examples])
    assert 0.3 < share < 0.7
