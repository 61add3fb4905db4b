"""Logistic regressions on a ticket's words and on its embedding, as a part of the model's graph.

Its features are the token ids that the graph reads anyway and the embedding that it computes
anyway, so it costs a worker next to nothing and needs no file of its own. It is fitted on no
intent, and does not know what it is used for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

PAIR_BUCKETS = 32_768
"""Pairs of token ids share so many weights by a hash (Weinberger et al. 2009, "Feature Hashing for
Large Scale Multitask Learning")."""

PAIR_FACTOR = 7_919
_INVERSE_REGULARISATION = 30.0
"""Of 10, 30 and 60 the best on the desk tickets' tuning half, all within 0.01 of average
precision."""

_INVERSE_REGULARISATION_OF_POINTS = 0.01
"""Of the regression on the embedding, brought to a mean standard deviation of one. The rows that
taught the encoder lie further apart than others, and a free regression would believe them. On an
encoder that was not taught, 0.003 to 0.03 made no difference."""

_MOST_ITERATIONS = 3_000


@dataclass(frozen=True)
class Head:
    """Weights of tokens, shape (vocabulary,), and of hashed pairs, shape (`PAIR_BUCKETS`,).

    Their sum over a ticket, divided by the root of its number of tokens, plus `bias`, is the log
    odds of yes. With `directions`, shape (dimensions,), the embedding's product with them is added.
    """

    tokens: npt.NDArray[np.float32]
    pairs: npt.NDArray[np.float32]
    bias: float
    directions: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class HeadRows:
    """What a head learns from: token ids, the answer to each row, and what the row counts.

    `aside` marks the rows that are kept from the fit of its parts. `embedding`, shape (rows,
    dimensions), is that of an encoder which was taught to answer, None of any other.
    """

    rows: list[list[int]]
    yes: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float64]
    aside: npt.NDArray[np.bool_]
    embedding: npt.NDArray[np.float32] | None = None


def fit_head(learned: HeadRows, *, vocabulary: int) -> Head:
    """Fit on token ids below `vocabulary`.

    One regression is fitted on the tokens and, where there is an embedding, one on that. A last one
    on the rows that were kept aside says how far each is believed (Wolpert 1992, "Stacked
    Generalization"): on the rows that they were fitted on they are nearly always right. None is
    believed to the contrary (Breiman 1996, "Stacked Regressions").
    """
    fitted, aside = ~learned.aside, learned.aside
    features = _features(learned.rows, vocabulary)
    words = _regression(features[fitted], learned, fitted, _INVERSE_REGULARISATION)
    opinions = [words.decision_function(features[aside])]
    if learned.embedding is None:
        (of_words,), offset = _trust(opinions, learned)
        bias = of_words * words.intercept_[0] + offset
        return _head(of_words * words.coef_[0], bias, vocabulary, None)
    scale = learned.embedding[fitted].std(axis=0).mean()
    points = learned.embedding / scale
    taught = _regression(points[fitted], learned, fitted, _INVERSE_REGULARISATION_OF_POINTS)
    opinions.append(taught.decision_function(points[aside]))
    (of_words, of_points), offset = _trust(opinions, learned)
    bias = of_words * words.intercept_[0] + of_points * taught.intercept_[0] + offset
    return _head(of_words * words.coef_[0], bias, vocabulary, of_points * taught.coef_[0] / scale)


def _trust(
    opinions: Sequence[npt.NDArray[np.float64]], learned: HeadRows
) -> tuple[list[float], float]:
    """A factor for each opinion on the rows aside, none below 0, and an offset."""
    believed = list(range(len(opinions)))
    while True:
        columns = np.column_stack([opinions[place] for place in believed])
        fitted = _regression(columns, learned, learned.aside, 1.0)
        factors = dict(zip(believed, fitted.coef_[0], strict=True))
        worst = min(factors, key=factors.__getitem__)
        if factors[worst] >= 0.0:
            trusted = [float(factors.get(place, 0.0)) for place in range(len(opinions))]
            return trusted, float(fitted.intercept_[0])
        believed.remove(worst)
        if not believed:
            share = np.average(learned.yes[learned.aside], weights=learned.weights[learned.aside])
            return [0.0] * len(opinions), float(np.log(share / (1.0 - share)))


def _regression(
    features: npt.NDArray[np.float64] | csr_matrix,
    learned: HeadRows,
    chosen: npt.NDArray[np.bool_],
    inverse_regularisation: float,
) -> LogisticRegression:
    """Fitted on `features` of the `chosen` rows."""
    return LogisticRegression(
        C=inverse_regularisation, solver="liblinear", max_iter=_MOST_ITERATIONS
    ).fit(features, learned.yes[chosen], sample_weight=learned.weights[chosen])


def _head(
    coefficients: npt.NDArray[np.float64],
    bias: float,
    vocabulary: int,
    directions: npt.NDArray[np.float64] | None,
) -> Head:
    return Head(
        tokens=coefficients[:vocabulary].astype(np.float32),
        pairs=coefficients[vocabulary:].astype(np.float32),
        bias=float(bias),
        directions=None if directions is None else directions.astype(np.float32),
    )


def attach_head(graph: Path, head: Head, output: str) -> None:
    """Give the graph at `graph` one more output, float32 (batch,): the head's probability.

    A head with directions reads the graph's output `embedding`.
    """
    model = onnx.load(graph)
    steps = _STEPS
    constants: dict[str, npt.NDArray[Any]] = {
        "tokens": head.tokens,
        "pairs": head.pairs,
        "bias": np.array(head.bias, dtype=np.float32),
        "factor": np.array(PAIR_FACTOR, dtype=np.int64),
        "buckets": np.array(PAIR_BUCKETS, dtype=np.int64),
        "columns": np.array([1], dtype=np.int64),
        "first": np.array([0], dtype=np.int64),
        "second": np.array([1], dtype=np.int64),
        "last": np.array([-1], dtype=np.int64),
        "end": np.array([np.iinfo(np.int64).max], dtype=np.int64),
    }
    if head.directions is not None:
        constants["directions"] = head.directions
        steps = (*_STEPS[:-1], *_STEPS_WITH_DIRECTIONS)
    model.graph.initializer.extend(
        numpy_helper.from_array(value, _named(name, output)) for name, value in constants.items()
    )
    model.graph.node.extend(
        helper.make_node(
            operator, [_named(name, output) for name in inputs], [_named(result, output)], **options
        )
        for operator, inputs, result, options in steps
    )
    model.graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch"]))
    onnx.checker.check_model(model)
    onnx.save(model, graph)


_OF_THE_GRAPH = ("input_ids", "attention_mask", "embedding")
_PROBABILITY = "probability"

_Steps = tuple[tuple[str, tuple[str, ...], str, dict[str, Any]], ...]

_STEPS: _Steps = (
    ("Cast", ("attention_mask",), "mask", {"to": TensorProto.FLOAT}),
    ("Gather", ("tokens", "input_ids"), "of_tokens", {}),
    ("Mul", ("of_tokens", "mask"), "of_real_tokens", {}),
    ("ReduceSum", ("of_real_tokens", "columns"), "sum_of_tokens", {"keepdims": 0}),
    ("Slice", ("input_ids", "first", "last", "columns"), "left", {}),
    ("Slice", ("input_ids", "second", "end", "columns"), "right", {}),
    ("Mul", ("left", "factor"), "left_times_factor", {}),
    ("Add", ("left_times_factor", "right"), "hashed", {}),
    ("Mod", ("hashed", "buckets"), "bucket", {}),
    ("Gather", ("pairs", "bucket"), "of_pairs", {}),
    ("Slice", ("mask", "second", "end", "columns"), "mask_of_right", {}),
    ("Mul", ("of_pairs", "mask_of_right"), "of_real_pairs", {}),
    ("ReduceSum", ("of_real_pairs", "columns"), "sum_of_pairs", {"keepdims": 0}),
    ("ReduceSum", ("mask", "columns"), "length", {"keepdims": 0}),
    ("Sqrt", ("length",), "root_of_length", {}),
    ("Add", ("sum_of_tokens", "sum_of_pairs"), "sum", {}),
    ("Div", ("sum", "root_of_length"), "scaled", {}),
    ("Add", ("scaled", "bias"), "log_odds", {}),
    ("Sigmoid", ("log_odds",), _PROBABILITY, {}),
)
"""The head's operators: each with its inputs, its output and its attributes."""

_STEPS_WITH_DIRECTIONS: _Steps = (
    ("MatMul", ("embedding", "directions"), "of_embedding", {}),
    ("Add", ("log_odds", "of_embedding"), "log_odds_of_both", {}),
    ("Sigmoid", ("log_odds_of_both",), _PROBABILITY, {}),
)
"""In place of the last one."""


def _named(name: str, output: str) -> str:
    """A name that no other head of the graph has."""
    if name in _OF_THE_GRAPH:
        return name
    return output if name == _PROBABILITY else f"{output}/{name}"


def _features(rows: Sequence[Sequence[int]], vocabulary: int) -> csr_matrix:
    """Tokens and hashed pairs of each row, each counted and divided by the root of its length."""
    lengths = np.array([len(row) for row in rows])
    tokens = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=lengths.sum())
    row_of = np.repeat(np.arange(len(rows)), lengths)
    together = row_of[1:] == row_of[:-1]
    pairs = (tokens[:-1] * PAIR_FACTOR + tokens[1:])[together] % PAIR_BUCKETS
    places = np.concatenate([row_of, row_of[1:][together]])
    columns = np.concatenate([tokens, vocabulary + pairs])
    shape = (len(rows), vocabulary + PAIR_BUCKETS)
    return csr_matrix((lengths[places] ** -0.5, (places, columns)), shape=shape)
