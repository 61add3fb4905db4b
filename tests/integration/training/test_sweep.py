"""A sweep keeps what it has done: killed, interrupted or asked for more, it goes on from there."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
import pytest
from mlflow import MlflowClient
from rich.console import Console

from stream_app.labelled_data import load_dataset
from stream_app.registry.local_server import LocalRegistry
from training.architectures import ArchitectureName
from training.plan import Plan
from training.sweep.study import UNPRUNED_TRIALS, open_study
from training.sweep.sweep import run_sweep
from training.sweep.trial_runs import TrialRuns
from training.tracking.facts import KIND_TAG, experiment_name

INTENTS = ("card_swallowed", "change_pin", "exchange_rate")


def command(data: Path, storage: Path, *options: str) -> list[str]:
    return [
        *(sys.executable, "-m", "stream_app", "sweep", "--data", str(data)),
        *("--architecture", "tfidf", "--storage", str(storage), "--study", "cards", "--json"),
        *options,
    ]


def run(arguments: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, check=False, env=os.environ | environment
    )


def printed(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def stop_in_trial(arguments: Sequence[str], number: int, how: signal.Signals) -> int:
    """Send `how` as soon as trial `number` has begun; returns the exit code."""
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith(f"trial {number}:"):
                process.send_signal(how)
                break
        process.stderr.read()
    return process.returncode


def test_a_killed_sweep_goes_on_with_what_it_has(few_intents: Path, tmp_path: Path) -> None:
    storage = tmp_path / "sweeps.db"
    assert stop_in_trial(command(few_intents, storage, "--trials", "4"), 2, signal.SIGKILL) < 0
    done = run(command(few_intents, storage, "--trials", "4"))
    assert printed(done)["trials"] == 4
    assert "trial 0:" not in done.stderr
    assert "trial 1:" not in done.stderr


def test_an_interrupted_sweep_keeps_its_ended_trials(few_intents: Path, tmp_path: Path) -> None:
    storage = tmp_path / "sweeps.db"
    assert stop_in_trial(command(few_intents, storage, "--trials", "9"), 2, signal.SIGINT) == 130
    assert printed(run(command(few_intents, storage, "--trials", "2")))["trials"] == 2


@pytest.fixture(scope="module")
def swept(
    few_intents: Path, mlflow_server: LocalRegistry, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Two trials, recorded, and one more in a second run of the command."""
    storage = tmp_path_factory.mktemp("sweeps") / "sweeps.db"
    tracked = {
        "TICKETS_REGISTRY_TRACKING_URI": mlflow_server.uri,
        "TICKETS_REGISTRY_MODEL": "swept-intents",
    }
    first = run(command(few_intents, storage, "--trials", "2", "--track"), **tracked)
    assert printed(first)["trials"] == 2
    return printed(run(command(few_intents, storage, "--trials", "3", "--track"), **tracked))


def test_the_first_trial_is_the_preset_and_the_best_is_no_worse(swept: dict[str, Any]) -> None:
    assert swept["trials"] == 3
    assert swept["best_accuracy"] >= swept["preset_accuracy"] > 0.5


def test_trials_are_recorded_below_one_run_of_the_study(
    swept: dict[str, Any], mlflow_server: LocalRegistry
) -> None:
    client = MlflowClient(mlflow_server.uri)
    experiment = client.get_experiment_by_name(experiment_name("swept-intents"))
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    (parent,) = [found for found in runs if found.data.tags[KIND_TAG] == "sweep"]
    trials = [found for found in runs if found.data.tags[KIND_TAG] == "trial"]
    assert {found.info.run_name for found in trials} == {"trial 0", "trial 1", "trial 2"}
    assert {found.data.tags["mlflow.parentRunId"] for found in trials} == {parent.info.run_id}
    assert {found.info.status for found in runs} == {"FINISHED"}
    assert parent.data.metrics["validation_accuracy"] == swept["best_accuracy"]


def test_best_shows_the_command_that_repeats_it(swept: dict[str, Any], tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "stream_app", "experiments", "best"]
    best = printed(run([*arguments, "--storage", swept["storage"], "--json"]))
    assert best["trial"] == swept["best_trial"]
    assert best["command"] == swept["command"]
    assert "--architecture tfidf" in best["command"]
    assert f"--set noised_share={best['noised_share']!r}" in best["command"]


def test_other_data_under_the_same_name_is_one_line(
    swept: dict[str, Any], few_intents: Path, tmp_path: Path
) -> None:
    more = tmp_path / "more.csv"
    more.write_bytes(few_intents.read_bytes() + b"may I have another PIN,change_pin\r\n")
    done = run(command(more, Path(swept["storage"]), "--trials", "4"))
    assert done.returncode == 2
    assert "the study cards was begun on other data" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_trial_below_the_median_of_the_others_is_given_up(
    few_intents: Path, tmp_path: Path
) -> None:
    dataset = load_dataset(str(few_intents))
    plan = Plan(str(few_intents), ArchitectureName.BILSTM, changes={"epochs": 3})
    sweep = open_study(tmp_path / "sweeps.db", "cards", plan, data_sha256=dataset.sha256)
    for _ in range(UNPRUNED_TRIALS):
        perfect = dict.fromkeys(range(1, 4), 1.0)
        sweep.study.add_trial(optuna.create_trial(value=1.0, intermediate_values=perfect))
    console = Console(stderr=True)
    run_sweep(
        sweep,
        dataset,
        trials=UNPRUNED_TRIALS + 1,
        timeout_s=None,
        runs=TrialRuns(None, None, console),
        console=console,
    )
    assert sweep.pruned() == 1
    given_up = sweep.ended()[-1]
    assert set(given_up.intermediate_values) == {1, 2}
