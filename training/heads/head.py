"""A logistic regression on a ticket's words and pairs of words, as a part of the model's graph.

Its features are the token ids that the graph reads anyway, so it costs a worker next to nothing
and needs no file of its own. It knows nothing of the intents, and not what it is used for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
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

_PAIR_FACTOR = 7_919
_INVERSE_REGULARISATION = 30.0
"""Of 10, 30 and 60 the best on the desk tickets' tuning half, all within 0.01 of average
precision."""

_MOST_ITERATIONS = 3_000


@dataclass(frozen=True)
class Head:
    """Weights of tokens, shape (vocabulary,), and of hashed pairs, shape (`PAIR_BUCKETS`,).

    Their sum over a ticket, divided by the root of its number of tokens, plus `bias`, is the log
    odds of yes.
    """

    tokens: npt.NDArray[np.float32]
    pairs: npt.NDArray[np.float32]
    bias: float


def fit_head(
    rows: Sequence[Sequence[int]],
    yes: Sequence[bool] | npt.NDArray[np.bool_],
    weights: Sequence[float] | npt.NDArray[np.float64],
    *,
    vocabulary: int,
) -> Head:
    """Fit on token ids below `vocabulary`, the answer for each row, and what the row counts."""
    features = _features(rows, vocabulary)
    fitted = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=_MOST_ITERATIONS).fit(
        features, np.array(yes), sample_weight=np.array(weights)
    )
    coefficients = fitted.coef_[0].astype(np.float32)
    return Head(
        tokens=coefficients[:vocabulary],
        pairs=coefficients[vocabulary:],
        bias=float(fitted.intercept_[0]),
    )


def head_probabilities(head: Head, rows: Sequence[Sequence[int]]) -> npt.NDArray[np.float64]:
    """The probability of each row's token ids, as the graph says it."""
    weights = np.concatenate([head.tokens, head.pairs])
    log_odds = _features(rows, len(head.tokens)) @ weights + head.bias
    probabilities: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-log_odds))
    return probabilities


def attach_head(graph: Path, head: Head, output: str) -> None:
    """Give the graph at `graph` one more output, float32 (batch,): the head's probability."""
    model = onnx.load(graph)
    constants: dict[str, npt.NDArray[Any]] = {
        "tokens": head.tokens,
        "pairs": head.pairs,
        "bias": np.array(head.bias, dtype=np.float32),
        "factor": np.array(_PAIR_FACTOR, dtype=np.int64),
        "buckets": np.array(PAIR_BUCKETS, dtype=np.int64),
        "columns": np.array([1], dtype=np.int64),
        "first": np.array([0], dtype=np.int64),
        "second": np.array([1], dtype=np.int64),
        "last": np.array([-1], dtype=np.int64),
        "end": np.array([np.iinfo(np.int64).max], dtype=np.int64),
    }
    model.graph.initializer.extend(
        numpy_helper.from_array(value, _named(name, output)) for name, value in constants.items()
    )
    model.graph.node.extend(
        helper.make_node(
            operator, [_named(name, output) for name in inputs], [_named(result, output)], **options
        )
        for operator, inputs, result, options in _STEPS
    )
    model.graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch"]))
    onnx.checker.check_model(model)
    onnx.save(model, graph)


_INPUTS = ("input_ids", "attention_mask")
_PROBABILITY = "probability"

_STEPS: tuple[tuple[str, tuple[str, ...], str, dict[str, Any]], ...] = (
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
"""The graph's operators: each with its inputs, its output and its attributes."""


def _named(name: str, output: str) -> str:
    """A name that no other head of the graph has."""
    if name in _INPUTS:
        return name
    return output if name == _PROBABILITY else f"{output}/{name}"


def _features(rows: Sequence[Sequence[int]], vocabulary: int) -> csr_matrix:
    places = [(row, column, scale) for row, column, scale in _entries(rows, vocabulary)]
    at_rows, at_columns, values = zip(*places, strict=True)
    return csr_matrix((values, (at_rows, at_columns)), shape=(len(rows), vocabulary + PAIR_BUCKETS))


def _entries(rows: Sequence[Sequence[int]], vocabulary: int) -> Iterator[tuple[int, int, float]]:
    for number, row in enumerate(rows):
        scale = len(row) ** -0.5
        for token in row:
            yield number, token, scale
        for left, right in pairwise(row):
            yield number, vocabulary + (left * _PAIR_FACTOR + right) % PAIR_BUCKETS, scale
