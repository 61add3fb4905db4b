"""The hyperparameters of a fit, and the two presets; runs nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to fine-tune.

    `learning_rate` is the encoder's peak, `head_learning_rate` that of the new head. Both rise
    linearly over the first `warmup_share` of the steps and then fall linearly to zero.
    `noised_share` of the rows get noise, drawn afresh for each epoch. The fitted weights are an
    exponential moving average over the steps (Polyak and Juditsky 1992), whose decay grows with the
    steps up to `averaging`: a fit of 2,400 steps ends at 0.996.
    For each row of the data set `asked_share` of a ticket of `training.heads` is fitted beside it,
    so that the encoder learns what the heads ask; with 0 they do without it. In the last epoch a
    row's target is to the share `self_taught` what the averaged weights say of the row without
    noise, less before (after Tarvainen and Valpola 2017, "Mean teachers are better role models").
    Both are for models that are fitted by gradient.
    `fits` of them are made from the same start, each on other noise and in another order, and
    their weights averaged (Wortsman et al. 2022, "Model soups"): for pretrained encoders, whose
    fits stay close enough to one another for that.
    `held_out_share` of each intent's training rows are kept from the fit for calibration, where the
    data set brings no validation part. Of a pretrained encoder, the first `layers` are kept, all
    where it is 0: fewer serve faster and know less.
    """

    epochs: int
    batch_rows: int
    learning_rate: float
    head_learning_rate: float
    weight_decay: float = 0.01
    warmup_share: float = 0.1
    label_smoothing: float = 0.1
    dropout: float = 0.1
    noised_share: float = 0.6
    asked_share: float = 0.0
    self_taught: float = 0.0
    averaging: float = 0.998
    max_gradient_norm: float = 1.0
    max_tokens: int = 128
    held_out_share: float = 0.05
    layers: int = 0
    fits: int = 1

    def as_record(self) -> dict[str, float | int | str]:
        """The fields by name, as a bundle's provenance keeps them."""
        return asdict(self)


FULL = Recipe(
    epochs=8,
    batch_rows=32,
    learning_rate=1.5e-4,
    head_learning_rate=1.5e-3,
    asked_share=0.25,
    self_taught=0.5,
    fits=2,
)
"""For data sets of some thousand rows."""

QUICK = Recipe(
    epochs=0, batch_rows=32, learning_rate=1.5e-4, head_learning_rate=1.5e-3, held_out_share=0.1
)
"""For a first look on the starter set, in seconds: the head on the untouched encoder. Fine-tuning
on so few rows takes minutes and changed the accuracy on other tickets by nothing."""
