"""What triage could not work with is refused with the golden tickets, before any live ticket."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from stream_app.bundle import Bundle, BundleError, read_bundle
from stream_app.inference import open_classifier
from tests.unit.tiny_bundle import write_tiny_bundle

NOT_A_NUMBER = numpy_helper.from_array(np.array(np.nan, dtype=np.float32), "not_a_number")
COLUMN = numpy_helper.from_array(np.array([1], dtype=np.int64), "column")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return read_bundle(write_tiny_bundle(tmp_path / "tiny"))


def add_output(bundle: Bundle, name: str, operator: str, inputs: list[str]) -> None:
    """Give the graph an output of this name, in the place of one that it has."""
    model = onnx.load(bundle.model_path)
    model.graph.initializer.extend([NOT_A_NUMBER, COLUMN])
    for node in model.graph.node:
        node.output[:] = [f"sound/{name}" if each == name else each for each in node.output]
    model.graph.node.append(helper.make_node(operator, inputs, [name]))
    if name not in {output.name for output in model.graph.output}:
        # As a graph that declares nothing: its shape shows only when it runs.
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    onnx.save(model, bundle.model_path)


@pytest.mark.parametrize("name", ["urgency", "trouble", "abuse"])
def test_a_head_with_a_column_too_many_is_refused_by_name(bundle: Bundle, name: str) -> None:
    add_output(bundle, name, "Unsqueeze", ["scope", "column"])
    with pytest.raises(BundleError, match=rf"output {name} has shape \(1, 1\) for 1 golden"):
        open_classifier(bundle)


def test_a_scope_score_with_a_column_too_many_is_refused(bundle: Bundle) -> None:
    model = onnx.load(bundle.model_path)
    (keeps,) = model.graph.node[-1].attribute[1:]
    keeps.i = 1
    model.graph.output[-1].type.tensor_type.ClearField("shape")
    onnx.save(model, bundle.model_path)
    with pytest.raises(BundleError, match=r"output scope has shape \(1, 1\)"):
        open_classifier(bundle)


@pytest.mark.parametrize(
    ("name", "sound"), [("scope", "sound/scope"), ("logits", "sound/logits"), ("abuse", "scope")]
)
def test_an_output_that_is_no_number_is_refused_by_name(
    bundle: Bundle, name: str, sound: str
) -> None:
    add_output(bundle, name, "Mul", [sound, "not_a_number"])
    with pytest.raises(BundleError, match=f"output {name} holds what is no number"):
        open_classifier(bundle)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_confidence_that_is_no_number_is_refused(bundle: Bundle) -> None:
    calibration = bundle.calibration.model_copy(update={"temperature": 1e-300})
    with pytest.raises(BundleError, match="golden ticket 1 should be card_stolen"):
        open_classifier(replace(bundle, calibration=calibration))
