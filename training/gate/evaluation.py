"""What the gate knows of a model: its answers on the gate's rows, its size and its speed; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class GateRows:
    """The labelled rows that both models answered.

    `sha256` is the digest of their texts and labels. `intents` names what the indices in
    `targets`, shape (rows,), and in a model's answers mean: the labels of the rows and of both
    models. `slices` are named masks of shape (rows,).
    """

    data: str
    sha256: str
    intents: tuple[str, ...]
    targets: npt.NDArray[np.intp]
    slices: Mapping[str, Mask]

    def of_intent(self, intent: str) -> Mask:
        """Which rows carry `intent`; none where it is unknown."""
        wanted = self.intents.index(intent) if intent in self.intents else -1
        mask: Mask = self.targets == wanted
        return mask


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One model on `rows`; `digest` is its bundle's, as decisions name it.

    `answers` and `noised_answers` have shape (rows,) and hold indices into `rows.intents`;
    `confidence`, shape (rows,), is the calibrated probability of the answer. `scope_inside`
    holds the scope score of each row and `scope_outside` that of texts which fit no intent;
    `None` where no such texts were given. `ms_per_ticket` has one entry a round; two models take
    their rounds in turn. `told_urgent` and `to_review`, shape (rows,), say which rows the routing
    makes urgent and sends to a person, by what the model says alone. `categories` holds the
    category of each intent, `heads` the questions beside the intent that the model answers, and
    `mute_heads` those that it answers alike for every row.
    """

    model: str
    digest: str
    rows: GateRows
    labels: frozenset[str]
    urgent: frozenset[str]
    answers: npt.NDArray[np.intp]
    confidence: npt.NDArray[np.float32]
    noised_answers: npt.NDArray[np.intp]
    scope_inside: npt.NDArray[np.float32]
    scope_outside: npt.NDArray[np.float32] | None
    told_urgent: Mask
    to_review: Mask
    size_mb: float
    ms_per_ticket: tuple[float, ...]
    categories: Mapping[str, str] = field(default_factory=dict)
    heads: frozenset[str] = frozenset()
    mute_heads: frozenset[str] = frozenset()

    @property
    def correct(self) -> Mask:
        """Which rows it answered rightly as they are written."""
        mask: Mask = self.answers == self.rows.targets
        return mask

    @property
    def noised_correct(self) -> Mask:
        """Which rows it answered rightly in their noised form."""
        mask: Mask = self.noised_answers == self.rows.targets
        return mask
