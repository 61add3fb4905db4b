"""Whatever a sweep may try is a recipe, and the preset is among it."""

import optuna
import pytest

from training.architectures import ARCHITECTURES, Architecture
from training.plan import Plan, parse_changes
from training.sweep.space import baseline, space, suggest

KINDS = pytest.mark.parametrize("kind", ARCHITECTURES.values(), ids=lambda kind: kind.name)


@KINDS
def test_the_preset_lies_in_the_space_around_it(kind: Architecture) -> None:
    wanted = space(kind.full)
    record = kind.full.as_record()
    assert baseline(kind.full, wanted) == {name: record[name] for name in wanted}


@KINDS
def test_every_suggestion_makes_a_recipe(kind: Architecture) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=5))
    for _ in range(30):
        changes = suggest(study.ask(), space(kind.full))
        assert parse_changes(f"{name}={value!r}" for name, value in changes.items()) == changes
        assert Plan("starter", kind.name, changes=changes).recipe.epochs == kind.full.epochs


def test_a_model_without_gradients_is_not_tuned_by_learning_rate() -> None:
    (kind,) = [kind for kind in ARCHITECTURES.values() if not kind.full.learning_rate]
    assert "learning_rate" not in space(kind.full)
