"""Temperature and thresholds follow their stated rules, on scores whose answer is known."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.inference import softmax
from training.calibration import (
    REVIEW_RANGE,
    REVIEW_TARGET,
    calibrate,
    fit_temperature,
    review_threshold,
    scope_threshold,
)
from training.metrics import accuracy, expected_calibration_error, macro_f1, upper_bound

Logits = npt.NDArray[np.float32]
Targets = npt.NDArray[np.intp]


def sampled(temperature: float, *, rows: int = 20_000) -> tuple[Logits, Targets]:
    """Logits that are too sharp by `temperature`, with targets drawn from the true softmax."""
    chance = np.random.default_rng(3)
    honest = chance.normal(scale=2.0, size=(rows, 5))
    targets = (honest + chance.gumbel(size=honest.shape)).argmax(axis=1)
    return (honest * temperature).astype(np.float32), targets


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_a_known_temperature_is_recovered(temperature: float) -> None:
    assert fit_temperature(*sampled(temperature)) == pytest.approx(temperature, rel=0.05)


def test_a_dozen_right_answers_make_no_answer_certain() -> None:
    logits = np.zeros((12, 3), dtype=np.float32)
    logits[:, 0] = 1.0
    temperature = fit_temperature(logits, np.zeros(12, dtype=np.intp))
    assert softmax(logits / np.float32(temperature)).max() < 0.99


def test_the_right_temperature_removes_the_calibration_error() -> None:
    logits, targets = sampled(3.0)

    def error(temperature: float) -> float:
        probabilities = softmax(logits / np.float32(temperature))
        return expected_calibration_error(
            probabilities.max(axis=1), probabilities.argmax(axis=1) == targets
        )

    assert error(fit_temperature(logits, targets)) < 0.02 < 0.1 < error(1.0)


def test_the_review_threshold_is_the_lowest_that_reaches_the_target() -> None:
    confidence = np.linspace(0.4, 0.8, 401, dtype=np.float32)
    correct = confidence >= 0.6
    threshold = review_threshold(confidence, correct)
    accepted = correct[confidence >= threshold]
    assert accepted.mean() >= REVIEW_TARGET
    assert correct[confidence >= threshold - 0.0015].mean() < REVIEW_TARGET


@given(st.lists(st.tuples(st.floats(0.0, 1.0, width=32), st.booleans()), min_size=1))
def test_the_review_threshold_stays_in_its_range_and_reaches_the_target(
    rows: list[tuple[float, bool]],
) -> None:
    confidence = np.array([row[0] for row in rows], dtype=np.float32)
    correct = np.array([row[1] for row in rows])
    threshold = review_threshold(confidence, correct)
    lowest, highest = REVIEW_RANGE
    assert lowest <= threshold <= highest
    if lowest < threshold < highest:
        assert correct[confidence >= threshold].mean() >= REVIEW_TARGET


def test_rows_of_equal_confidence_are_accepted_together_or_not_at_all() -> None:
    confidence = np.repeat(np.array([0.7, 0.6], dtype=np.float32), [19, 11])
    correct = np.arange(30) < 20
    assert review_threshold(confidence, correct) == pytest.approx(0.7)


def test_a_hopeless_model_has_almost_all_reviewed() -> None:
    confidence = np.full(50, 0.99, dtype=np.float32)
    assert review_threshold(confidence, np.zeros(50, dtype=np.bool_)) == REVIEW_RANGE[1]


def test_one_in_a_hundred_in_scope_tickets_is_below_the_scope_threshold() -> None:
    logits, targets = sampled(1.0, rows=1_000)
    # Most are alike and a few far lower, as scores are.
    scores = np.log(np.linspace(0.001, 1.0, 1_000)).astype(np.float32)
    calibration = calibrate(logits, targets, scores)
    assert (scores < calibration.out_of_scope_below).sum() == 10


def test_with_few_held_out_rows_the_scope_threshold_lies_well_below_them() -> None:
    chance = np.random.default_rng(6)
    thresholds = [scope_threshold(chance.normal(size=8).astype(np.float32)) for _ in range(200)]
    assert np.median(thresholds) < -1.9
    # The lowest of the rows would be taken for out of scope, and every ninth ticket with it.
    later = chance.normal(size=10_000)
    assert np.mean([(later < threshold).mean() for threshold in thresholds]) < 0.05


def test_macro_f1_counts_each_label_alike() -> None:
    targets = np.array([0, 0, 0, 0, 1])
    answers = np.array([0, 0, 0, 0, 0])
    assert accuracy(answers, targets) == pytest.approx(0.8)
    assert macro_f1(answers, targets) == pytest.approx((8 / 9 + 0.0) / 2)


def test_sure_and_wrong_is_the_largest_calibration_error() -> None:
    confidence = np.ones(10, dtype=np.float32)
    assert expected_calibration_error(confidence, np.zeros(10, dtype=np.bool_)) == 1.0
    assert expected_calibration_error(confidence, np.ones(10, dtype=np.bool_)) == 0.0


def test_the_upper_bound_is_wide_for_few_rows_and_tight_for_many() -> None:
    # Wilson's interval for 8 of 10 is 0.490 to 0.943.
    assert upper_bound(0.8, 10) == pytest.approx(0.943, abs=5e-4)
    assert upper_bound(0.96, 160) > 0.97 > upper_bound(0.96, 3_580)
    assert upper_bound(1.0, 5) == pytest.approx(1.0)
