"""What the gate measures of real bundles beside right and wrong answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from stream_app.bundle import Bundle, read_bundle
from stream_app.errors import CheckFailed
from stream_app.labelled_data import Example
from tests.unit.tiny_bundle import write_tiny_bundle
from training.gate import Evaluation, measure

ROWS = [Example("stolen", "card_stolen")] * 4 + [Example("password", "password_reset")] * 4
UNKNOWN = [Example("hello", "card_stolen")] * 4
"""No word that the bundle knows: it is unsure of the intent."""


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return read_bundle(write_tiny_bundle(tmp_path / "tiny"))


def with_head(bundle: Bundle, name: str, values: list[float]) -> Bundle:
    """The bundle with a head whose answer is the dot product of `values` with the counted words."""
    model = onnx.load(bundle.model_path)
    table = np.array(values, dtype=np.float32)
    model.graph.initializer.append(numpy_helper.from_array(table, f"{name}/table"))
    model.graph.node.append(helper.make_node("MatMul", ["mean", f"{name}/table"], [name]))
    model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch"]))
    onnx.save(model, bundle.model_path)
    return bundle


def measured(bundle: Bundle, rows: list[Example]) -> Evaluation:
    return measure(bundle, None, rows, data="made up")[0]


def test_rows_are_told_urgent_by_their_intent_without_a_head_and_by_a_head(
    bundle: Bundle,
) -> None:
    assert measured(bundle, ROWS).told_urgent.tolist() == [True] * 4 + [False] * 4
    of_password = with_head(bundle, "urgency", [0.0, 0.0, 1.0, 0.0])
    assert measured(of_password, ROWS).told_urgent.tolist() == [True] * 8


def test_rows_under_the_bundles_thresholds_are_sent_to_review(bundle: Bundle) -> None:
    assert measured(bundle, [*ROWS, *UNKNOWN]).to_review.tolist() == [False] * 8 + [True] * 4
    strict = bundle.calibration.model_copy(update={"review_below": 0.9999})
    assert measured(replace(bundle, calibration=strict), ROWS).to_review.all()


def test_a_head_that_answers_alike_whatever_it_is_asked_is_mute(bundle: Bundle) -> None:
    heads = with_head(with_head(bundle, "urgency", [0.0] * 4), "abuse", [0.0, 0.1, 0.2, 0.3])
    evaluation = measured(heads, ROWS)
    assert evaluation.heads == {"urgency", "abuse"}
    assert evaluation.mute_heads == {"urgency"}


def test_a_model_whose_scores_are_no_numbers_is_not_judged(bundle: Bundle) -> None:
    """Of a text that no golden ticket is like: of unknown words it knows no scope."""
    model = onnx.load(bundle.model_path)
    for node in model.graph.node:
        node.output[:] = ["raw" if each == "scope" else each for each in node.output]
    # 0 / 0 where no known word stands in the text.
    model.graph.node.append(helper.make_node("Div", ["raw", "raw"], ["scope"]))
    onnx.save(model, bundle.model_path)
    with pytest.raises(CheckFailed, match=r"tiny 1 cannot be judged: of 24 answers \d+ have a"):
        measured(bundle, [*ROWS, *UNKNOWN])
