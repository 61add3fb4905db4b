"""Studies in one SQLite file: opens, continues and lists them; runs no trial."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from platformdirs import user_data_path
from sqlalchemy.exc import SQLAlchemyError

from stream_app.errors import UserError
from training.architectures import ArchitectureName
from training.plan import Changes, Plan
from training.sweep.space import baseline, space

ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
"""States of a trial that told something."""

COMING = (TrialState.WAITING, TrialState.RUNNING)
"""States of a trial that will tell something; one whose process was killed comes again."""

HEARTBEAT_S, GRACE_S = 5, 20
"""A trial whose process was killed stops beating; after the grace it is taken for dead and its
values are tried once more."""

UNPRUNED_TRIALS, FIRST_JUDGED_EPOCH = 4, 2
"""The first trials run to their end, to have a median at all, and no trial is judged by its first
epoch, whose learning rate has only just risen."""

_PLAN, _DATA_SHA256, _RECIPE = "plan", "data_sha256", "recipe"


@dataclass(frozen=True)
class SweepStudy:
    """A study, what it searches on, and the digest of the data it began with."""

    study: optuna.Study
    plan: Plan
    data_sha256: str

    @property
    def name(self) -> str:
        """Its name within its file."""
        return str(self.study.study_name)

    def ended(self) -> list[FrozenTrial]:
        """Its complete and its pruned trials, in the order they began."""
        return self.study.get_trials(deepcopy=False, states=ENDED)

    def best(self) -> FrozenTrial | None:
        """The complete trial with the highest accuracy, or None before the first one."""
        complete = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return max(complete, key=lambda trial: trial.value or 0.0, default=None)

    def pruned(self) -> int:
        """How many trials were given up early."""
        return sum(trial.state is TrialState.PRUNED for trial in self.ended())

    def preset_accuracy(self) -> float | None:
        """What the preset's own values reached, or None where no trial of them is complete."""
        complete = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return next((trial.value for trial in complete if trial.params == self._preset()), None)

    def enqueue_preset(self) -> None:
        """Let the next trial try the preset's own values, unless one has, does or will."""
        preset = self._preset()
        trials = self.study.get_trials(deepcopy=False, states=(*ENDED, *COMING))
        # A trial that waits has no parameters yet, only those that it is to take.
        if all(trial.system_attrs.get("fixed_params", trial.params) != preset for trial in trials):
            self.study.enqueue_trial(preset)

    def _preset(self) -> dict[str, Any]:
        recipe = self.plan.recipe
        return dict(baseline(recipe, space(recipe)))

    def plan_of(self, trial: FrozenTrial) -> Plan:
        """The training that repeats `trial` on all of the training rows."""
        found: Changes = trial.params
        return replace(self.plan, changes={**self.plan.changes, **found})


def default_storage() -> Path:
    """The file of studies in the user's data folder."""
    return user_data_path("ticket-stream") / "sweeps.db"


def open_study(storage: Path, name: str, plan: Plan, *, data_sha256: str) -> SweepStudy:
    """Begin the study `name`, or go on with it.

    Raises `UserError` where it was begun with other data or another plan, since their figures
    cannot be compared, and where `storage` is no file of studies.
    """
    study = optuna.create_study(
        storage=_open(storage), study_name=name, direction="maximize", load_if_exists=True
    )
    if not study.user_attrs:
        study.set_user_attr(_PLAN, _as_record(plan))
        study.set_user_attr(_DATA_SHA256, data_sha256)
        study.set_user_attr(_RECIPE, plan.recipe.as_record())
    begun = _described(study)
    if begun.data_sha256 != data_sha256:
        raise UserError(
            f"the study {name} was begun on other data ({begun.plan.data}, "
            f"{begun.data_sha256[:12]}): choose another name with --study"
        )
    if begun.plan != plan:
        raise UserError(
            f"the study {name} was begun with other options (`{begun.plan.command}`): give the "
            "same ones, or choose another name with --study"
        )
    if study.user_attrs.get(_RECIPE) != plan.recipe.as_record():
        raise UserError(
            f"the study {name} was begun with another preset than this version's: "
            "choose another name with --study"
        )
    # Seeded by what is done already: the same seed again would draw the same values again.
    study.sampler = optuna.samplers.TPESampler(seed=plan.seed + len(study.trials))
    study.pruner = optuna.pruners.MedianPruner(
        n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=FIRST_JUDGED_EPOCH
    )
    return begun


def load_study(storage: Path, name: str | None) -> SweepStudy:
    """The study `name`, or the only one there is.

    Raises `UserError` where there is none, or more than one and no name.
    """
    names = study_names(storage)
    if name is None and len(names) == 1:
        name = names[0]
    if name not in names:
        known = f"it holds {', '.join(names)}" if names else "it holds none yet"
        wanted = f"no study {name}" if name else "name a study with --study"
        raise UserError(f"{wanted} in {storage}: {known}")
    study = optuna.load_study(storage=_open(storage), study_name=name)
    return _described(study)


def study_names(storage: Path) -> list[str]:
    """The names of the studies in `storage`, sorted; none where the file is not there."""
    return _names(_open(storage)) if storage.exists() else []


def _open(storage: Path) -> RDBStorage:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            return RDBStorage(
                f"sqlite:///{storage}",
                heartbeat_interval=HEARTBEAT_S,
                grace_period=GRACE_S,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=1),
            )
    except (OSError, SQLAlchemyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{storage} cannot be used for studies: {reason}") from error


def _names(database: RDBStorage) -> list[str]:
    return sorted(optuna.get_all_study_names(storage=database))


def _described(study: optuna.Study) -> SweepStudy:
    """`study` with what was written down when it was begun."""
    attributes = study.user_attrs
    if _PLAN not in attributes or _DATA_SHA256 not in attributes:
        raise UserError(f"{study.study_name} is no study of `tickets sweep`")
    return SweepStudy(study, _from_record(attributes[_PLAN]), attributes[_DATA_SHA256])


def _as_record(plan: Plan) -> dict[str, Any]:
    return {
        "data": plan.data,
        "architecture": plan.architecture.value,
        "base_model": plan.base_model,
        "taxonomy": None if plan.taxonomy is None else str(plan.taxonomy),
        "quick": plan.quick,
        "seed": plan.seed,
        "changes": dict(plan.changes),
    }


def _from_record(record: dict[str, Any]) -> Plan:
    taxonomy = record["taxonomy"]
    return Plan(
        **record
        | {
            "architecture": ArchitectureName(record["architecture"]),
            "taxonomy": None if taxonomy is None else Path(taxonomy),
        }
    )
