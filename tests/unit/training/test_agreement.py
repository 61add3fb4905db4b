from __future__ import annotations

import numpy as np
import pytest

from stream_app.bundle import Calibration
from stream_app.errors import CheckFailed
from training.graph import GraphOutput
from training.train import check_agreement

CALIBRATION = Calibration(temperature=1.0, review_below=0.8, out_of_scope_below=0.0)


def output(answers: list[int], *, sure: list[bool]) -> GraphOutput:
    logits = np.zeros((len(answers), 3), dtype=np.float32)
    logits[np.arange(len(answers)), answers] = np.where(sure, 6.0, 0.1)
    return GraphOutput({"logits": logits}, 1.0)


def test_rows_that_nobody_is_sure_of_may_differ() -> None:
    sure = [True] * 100 + [False] * 100
    check_agreement(
        output([0] * 200, sure=sure), output([0] * 100 + [1] * 100, sure=sure), CALIBRATION
    )


def test_sure_rows_that_differ_beyond_chance_refuse_the_bundle() -> None:
    sure = [True] * 200
    with pytest.raises(CheckFailed, match=r"agree on 90\.0% of the 200 unseen rows"):
        check_agreement(
            output([0] * 200, sure=sure), output([0] * 180 + [1] * 20, sure=sure), CALIBRATION
        )


def test_a_model_that_is_never_sure_is_checked_on_all_rows() -> None:
    sure = [False] * 200
    with pytest.raises(CheckFailed, match="of the 200 unseen rows"):
        check_agreement(output([0] * 200, sure=sure), output([1] * 200, sure=sure), CALIBRATION)
