"""What the shipped graph and its float32 form said of the measured rows; computes no figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Evidence:
    """One entry a measured row, in one order.

    `tokens` is each row's length, `targets` its label index, `probabilities` the calibrated answer
    of the int8 graph, of shape (rows, intents), and `exact_answers` the float32 graph's label
    index. The two speeds are rows a second on the training's threads, both graphs on the same
    rows one after the other.
    """

    texts: tuple[str, ...]
    tokens: npt.NDArray[np.intp]
    targets: npt.NDArray[np.intp]
    probabilities: npt.NDArray[np.float32]
    exact_answers: npt.NDArray[np.intp]
    int8_rows_per_second: float
    fp32_rows_per_second: float

    @property
    def answers(self) -> npt.NDArray[np.intp]:
        """The int8 graph's most likely label index of each row."""
        answers: npt.NDArray[np.intp] = self.probabilities.argmax(axis=1)
        return answers

    @property
    def confidence(self) -> npt.NDArray[np.float32]:
        """The probability of each answer."""
        confidence: npt.NDArray[np.float32] = self.probabilities.max(axis=1)
        return confidence

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """Whether each answer is right."""
        correct: npt.NDArray[np.bool_] = self.answers == self.targets
        return correct
