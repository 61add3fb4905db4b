"""A study remembers what it was begun with, and refuses to be mixed with anything else."""

from pathlib import Path

import optuna
import pytest

from stream_app.errors import UserError
from training.architectures import ArchitectureName
from training.plan import Plan
from training.sweep.space import space, suggest
from training.sweep.study import SweepStudy, load_study, open_study, study_names

PLAN = Plan(
    "cards.csv", ArchitectureName.BILSTM, taxonomy=Path("cards.yaml"), changes={"epochs": 2}
)
DIGEST = "ab" * 32


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    return tmp_path / "deeper" / "sweeps.db"


def test_a_study_comes_back_with_its_plan_and_its_best_trial(storage: Path) -> None:
    study = open_study(storage, "cards", PLAN, data_sha256=DIGEST).study
    for value in (0.7, 0.9, 0.8):
        trial = study.ask()
        trial.suggest_float("dropout", 0.0, 0.4)
        study.tell(trial, value)
    again = load_study(storage, None)
    best = again.best()
    assert (again.plan, again.data_sha256) == (PLAN, DIGEST)
    assert best is not None
    assert (best.number, best.value) == (1, 0.9)
    assert again.plan_of(best).changes == {"epochs": 2, **best.params}
    assert again.preset_accuracy() is None


def try_next(sweep: SweepStudy) -> optuna.Trial:
    trial = sweep.study.ask()
    suggest(trial, space(sweep.plan.recipe))
    return trial


def test_the_preset_is_tried_until_a_trial_of_it_has_ended(storage: Path) -> None:
    """Ctrl-C in its first trial must not cost a study the figure that all others beat."""
    sweep = open_study(storage, "cards", PLAN, data_sha256=DIGEST)
    sweep.enqueue_preset()
    sweep.enqueue_preset()
    assert len(sweep.study.trials) == 1
    interrupted = try_next(sweep)
    sweep.enqueue_preset()
    assert len(sweep.study.trials) == 1
    sweep.study.tell(interrupted, state=optuna.trial.TrialState.FAIL)
    assert sweep.preset_accuracy() is None
    sweep.enqueue_preset()
    again = try_next(sweep)
    assert again.params == interrupted.params
    sweep.study.tell(again, 0.8)
    sweep.enqueue_preset()
    assert len(sweep.study.trials) == 2
    assert sweep.preset_accuracy() == 0.8


def test_only_a_trial_that_ran_to_its_end_can_be_the_best(storage: Path) -> None:
    sweep = open_study(storage, "cards", PLAN, data_sha256=DIGEST)
    pruned = sweep.study.ask()
    pruned.report(0.99, 1)
    sweep.study.tell(pruned, state=optuna.trial.TrialState.PRUNED)
    sweep.study.tell(sweep.study.ask(), state=optuna.trial.TrialState.FAIL)
    assert sweep.best() is None
    assert (len(sweep.ended()), sweep.pruned()) == (1, 1)


def test_a_continued_study_does_not_draw_the_same_values_again(storage: Path) -> None:
    drawn = []
    for _ in range(3):
        study = open_study(storage, "cards", PLAN, data_sha256=DIGEST).study
        trial = study.ask()
        drawn.append(trial.suggest_float("dropout", 0.0, 0.4))
        study.tell(trial, 0.5)
    assert len(set(drawn)) == 3


@pytest.mark.parametrize(
    ("plan", "digest", "reason"),
    [
        (PLAN, "cd" * 32, "begun on other data"),
        (Plan("cards.csv"), DIGEST, "begun with other options"),
    ],
)
def test_a_study_goes_on_only_with_what_it_was_begun_with(
    storage: Path, plan: Plan, digest: str, reason: str
) -> None:
    open_study(storage, "cards", PLAN, data_sha256=DIGEST)
    with pytest.raises(UserError, match=reason):
        open_study(storage, "cards", plan, data_sha256=digest)


def test_a_missing_study_is_told_with_those_that_are_there(storage: Path) -> None:
    assert study_names(storage) == []
    with pytest.raises(UserError, match="it holds none yet"):
        load_study(storage, None)
    assert not storage.exists()
    open_study(storage, "cards", PLAN, data_sha256=DIGEST)
    open_study(storage, "loans", PLAN, data_sha256=DIGEST)
    with pytest.raises(UserError, match=r"name a study with --study .* holds cards, loans"):
        load_study(storage, None)
    with pytest.raises(UserError, match="no study cars"):
        load_study(storage, "cars")


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database at all\n" * 100)
    with pytest.raises(UserError, match="cannot be used for studies") as raised:
        load_study(file, "cards")
    assert "\n" not in raised.value.message
