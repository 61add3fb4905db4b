"""Runs the trials of a study: each fits one recipe and is measured on rows cut from the train part.

Half of the measured rows are noised as in training, so that a recipe has to be good at both. The
noise that tests measure with stays unseen here too.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import optuna
from rich.console import Console

from stream_app.labelled_data import Dataset, Example, stratified_split
from training.history import EpochRecord
from training.noise import augmented, training_noise
from training.plan import Changes
from training.progress import FitProgress
from training.sweep.space import space, suggest
from training.sweep.study import ENDED, SweepStudy
from training.sweep.trial_runs import TrialRuns
from training.train import fit_model, unknown

VALIDATION_SHARE = 0.15
"""Share of each intent's training rows that recipes are compared on."""


@dataclass(frozen=True)
class Validation:
    """The training rows in two parts: to fit on, and to compare recipes on."""

    fitted: tuple[Example, ...]
    compared: tuple[Example, ...]


def cut_validation(dataset: Dataset, seed: int) -> Validation:
    """Cut the comparison rows from the train part, and add a noised copy of each."""
    fitted, aside = stratified_split(dataset.train, share=VALIDATION_SHARE, seed=seed)
    aside = unknown(aside, fitted)
    # Sampling needs repeatability, not secrecy.
    chance = random.Random(seed)  # noqa: S311
    noised = augmented([row.text for row in aside], training_noise(), share=1.0, chance=chance)
    copies = (Example(text, row.intent) for text, row in zip(noised, aside, strict=True))
    return Validation(fitted, (*aside, *copies))


def run_sweep(
    sweep: SweepStudy,
    dataset: Dataset,
    *,
    trials: int,
    timeout_s: float | None,
    runs: TrialRuns,
    console: Console,
) -> None:
    """Run trials until `trials` of the study have ended, in this call or before, or time is up.

    `timeout_s` is looked at between trials. The preset is tried first. Ctrl-C
    gives up the trial that runs and keeps the others.
    """
    wanted = space(sweep.plan.recipe)
    validation = cut_validation(dataset, sweep.plan.seed)
    sweep.enqueue_preset()

    def objective(trial: optuna.Trial) -> float:
        changes = suggest(trial, wanted)
        console.print(f"trial {trial.number}: {described(changes)}", highlight=False)

        with runs.start(trial.number, sweep.plan, changes, dataset) as run:

            def on_epoch(record: EpochRecord) -> None:
                run.log_epoch(record)
                if record.epoch:
                    trial.report(record.held_out_accuracy, record.epoch)
                    if trial.should_prune():
                        run.finish(record.held_out_accuracy, pruned=True)
                        raise optuna.TrialPruned

            accuracy = _fit(sweep, dataset, validation, changes, on_epoch, console)
            run.finish(accuracy, pruned=False)
        return accuracy

    if len(sweep.ended()) < trials:
        sweep.study.optimize(
            objective,
            timeout=timeout_s,
            callbacks=[optuna.study.MaxTrialsCallback(trials, states=ENDED)],
        )


def described(changes: Changes) -> str:
    """The values of a trial for people, to three digits."""
    return ", ".join(f"{name} {value:.3g}" for name, value in changes.items())


def _fit(
    sweep: SweepStudy,
    dataset: Dataset,
    validation: Validation,
    changes: Changes,
    on_epoch: Callable[[EpochRecord], None],
    console: Console,
) -> float:
    """Accuracy (0..1) on the comparison rows after the last epoch."""
    plan = replace(sweep.plan, changes={**sweep.plan.changes, **changes})
    with (
        tempfile.TemporaryDirectory(prefix="tickets-sweep-") as workspace,
        FitProgress(console, on_epoch=on_epoch) as progress,
    ):
        model = plan.kind.build(
            [row.text for row in validation.fitted],
            plan.recipe,
            base_model=plan.base_model,
            intents=len(dataset.intents),
            seed=plan.seed,
            workspace=Path(workspace),
        )
        fit_model(
            model,
            dataset,
            validation.fitted,
            validation.compared,
            plan.recipe,
            seed=plan.seed,
            progress=progress,
        )
        return progress.history[-1].held_out_accuracy
