"""Noise as real tickets have it, for training against it and for measuring what it costs."""

from training.noise.kinds import KINDS, Kind
from training.noise.mixture import (
    KEPT_OUT,
    MEASURED,
    NOISE_SEED,
    TRAINED,
    NoiseMixture,
    augmented,
    noised_test,
    training_noise,
)
from training.noise.wording import Wording, load_wording

__all__ = [
    "KEPT_OUT",
    "KINDS",
    "MEASURED",
    "NOISE_SEED",
    "TRAINED",
    "Kind",
    "NoiseMixture",
    "Wording",
    "augmented",
    "load_wording",
    "noised_test",
    "training_noise",
]
