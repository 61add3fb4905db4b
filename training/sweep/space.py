"""Which recipes a sweep may try: the one place to review and to change; runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optuna import Trial

from training.plan import Changes
from training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Range:
    """Any number from `low` to `high`; with `log` each factor is as likely as the next."""

    low: float
    high: float
    log: bool = False

    def suggest(self, trial: Trial, name: str) -> float:
        """The trial's value of `name`."""
        return trial.suggest_float(name, self.low, self.high, log=self.log)

    def nearest(self, value: float) -> float:
        """The number of the range that is closest to `value`."""
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some whole numbers."""

    values: tuple[int, ...]

    def suggest(self, trial: Trial, name: str) -> int:
        """The trial's value of `name`."""
        chosen: int = trial.suggest_categorical(name, self.values)
        return chosen

    def nearest(self, value: float) -> int:
        """The value that is closest to `value`."""
        return min(self.values, key=lambda candidate: abs(candidate - value))


Space = Mapping[str, Range | Choice]
"""Fields of a recipe by name, each with the values it may take."""

_EVERY_MODEL: Space = {"noised_share": Range(0.2, 0.9)}

_BY_GRADIENT: Space = {
    "batch_rows": Choice((16, 32, 64)),
    "weight_decay": Range(0.001, 0.1, log=True),
    "warmup_share": Range(0.02, 0.25),
    "label_smoothing": Range(0.0, 0.2),
    "dropout": Range(0.0, 0.4),
}

RATE_FACTOR = 4.0
"""Learning rates are searched up to this factor above and below the preset's: those of pretrained
and of new weights lie powers of ten apart."""


def space(preset: Recipe) -> Space:
    """What to search around `preset`. A model that is fitted without gradients has less to tune."""
    if not preset.learning_rate:
        return _EVERY_MODEL
    rates = {
        "learning_rate": preset.learning_rate,
        "head_learning_rate": preset.head_learning_rate,
    }
    return {
        **{
            name: Range(rate / RATE_FACTOR, rate * RATE_FACTOR, log=True)
            for name, rate in rates.items()
        },
        **_BY_GRADIENT,
        **_EVERY_MODEL,
    }


def suggest(trial: Trial, wanted: Space) -> Changes:
    """The trial's own values."""
    return {name: dimension.suggest(trial, name) for name, dimension in wanted.items()}


def baseline(preset: Recipe, wanted: Space) -> Changes:
    """The preset's values, which every study tries first."""
    record = preset.as_record()
    return {name: dimension.nearest(float(record[name])) for name, dimension in wanted.items()}
