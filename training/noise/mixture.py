"""How often each kind of noise strikes, in training and in the measurement; draws, fits nothing."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from stream_app.labelled_data import Example
from training.noise.kinds import KINDS, Kind
from training.noise.wording import Wording, load_wording

MEASURED: Mapping[Kind, float] = {
    "chat": 0.25,
    "fillers": 0.1,
    "typos": 0.6,
    "punctuation": 0.5,
    "preamble": 0.35,
    "sign_off": 0.3,
    "casing": 0.45,
    "emoji": 0.15,
    "line_breaks": 0.1,
}
"""Share of the measured tickets that each kind strikes, each independently of the others."""

KEPT_OUT: tuple[Kind, ...] = ("fillers", "emoji")
"""Kinds that training never sees, so that their figures tell how robustness transfers."""

TRAINED: Mapping[Kind, float] = {
    kind: share for kind, share in MEASURED.items() if kind not in KEPT_OUT
}


NOISE_SEED = 404
"""Of the noised copy that a training's report and the gate measure on: the same for every model, so
that their figures can be compared."""

FURTHER_DRAWS = 30
"""How often another kind is drawn for a text that is still as it was; one alone may never change
it."""


@dataclass(frozen=True)
class NoiseMixture:
    """Kinds with their shares, and the words that they use."""

    shares: Mapping[Kind, float]
    wording: Wording

    def strike(self, text: str, chance: random.Random) -> str:
        """A copy of `text` that differs from it, if any kind of noise finds a hold in it."""
        noised = text
        for kind in get_args(Kind):
            if chance.random() < self.shares.get(kind, 0.0):
                noised = KINDS[kind](noised, chance, self.wording)
        # Those that were drawn may find no hold: capitals dropped from a text without any.
        kinds = list(self.shares)
        weights = [self.shares[kind] for kind in kinds]
        for _ in range(FURTHER_DRAWS):
            if noised != text:
                break
            [kind] = chance.choices(kinds, weights)
            noised = KINDS[kind](text, chance, self.wording)
        return noised


def training_noise() -> NoiseMixture:
    """What training draws from."""
    return NoiseMixture(TRAINED, load_wording("training"))


def augmented(
    texts: Sequence[str], mixture: NoiseMixture, *, share: float, chance: random.Random
) -> list[str]:
    """The texts in order, each with noise with probability `share`."""
    return [mixture.strike(text, chance) if chance.random() < share else text for text in texts]


def noised_test(
    examples: Sequence[Example], seed: int, kind: Kind | None = None
) -> tuple[Example, ...]:
    """A noised copy of each example, in order; the same for the same rows and seed.

    With `kind`, that kind alone strikes every row; else all kinds mix as in `MEASURED`.
    """
    mixture = NoiseMixture({kind: 1.0} if kind else MEASURED, load_wording("test"))
    # Measurements need repeatability, not secrecy.
    chance = random.Random(seed)  # noqa: S311
    return tuple(
        Example(text=mixture.strike(example.text, chance), intent=example.intent)
        for example in examples
    )
