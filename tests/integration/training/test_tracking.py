"""A training is recorded on a real MLflow server, and outlives that server."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from stream_app.bundle import list_bundles
from stream_app.errors import Unavailable
from stream_app.registry.local_server import LocalRegistry, start_local_registry
from training.architectures import ArchitectureName
from training.history import EpochRecord
from training.plan import Plan
from training.registration.register import EVALUATION_FILE
from training.tracking.facts import experiment_name
from training.tracking.run import FIGURES_FOLDER, REPORT_FILE, TrackedRun

INTENTS = ("card_swallowed", "change_pin", "exchange_rate")

NO_SERVER = "http://127.0.0.1:9"
"""The discard port, where nothing listens."""


def train(
    data: Path, store: Path, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "stream_app", "train", "--data", str(data)),
            *("--architecture", "tfidf", "--quick", "--out", str(store), "--json", *options),
        ],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


@pytest.fixture(scope="module")
def recorded(
    few_intents: Path, mlflow_server: LocalRegistry, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What `tickets train --track --register --json` printed."""
    done = train(
        few_intents,
        tmp_path_factory.mktemp("bundles"),
        "--track",
        "--register",
        TICKETS_REGISTRY_TRACKING_URI=mlflow_server.uri,
        TICKETS_REGISTRY_MODEL="tracked-intents",
    )
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def test_the_run_says_what_was_trained_and_how_well(
    recorded: dict[str, Any], few_intents: Path, mlflow_server: LocalRegistry
) -> None:
    client = MlflowClient(mlflow_server.uri)
    run = client.get_run(recorded["mlflow_run"])
    experiment = client.get_experiment(run.info.experiment_id)
    assert experiment.name == experiment_name("tracked-intents")
    assert run.info.status == "FINISHED"
    assert run.data.params["data"] == str(few_intents)
    assert run.data.params["architecture"] == "tfidf"
    assert len(run.data.params["data_sha256"]) == 64
    assert run.data.metrics["accuracy_int8"] == pytest.approx(recorded["accuracy_int8"])
    assert run.data.tags["bundle_digest"] == f"sha256:{recorded['digest']}"
    assert run.data.tags["command"].startswith("tickets train --data ")
    epochs = client.get_metric_history(recorded["mlflow_run"], "held_out_accuracy")
    assert [metric.step for metric in epochs] == [1]


def test_report_and_figures_are_artifacts_of_the_run(
    recorded: dict[str, Any], mlflow_server: LocalRegistry, tmp_path: Path
) -> None:
    client = MlflowClient(mlflow_server.uri)
    run = recorded["mlflow_run"]
    stored = Path(client.download_artifacts(run, REPORT_FILE, str(tmp_path)))
    assert stored.read_text(encoding="utf-8") == Path(recorded["report"]).read_text(
        encoding="utf-8"
    )
    figures = [file.path for file in client.list_artifacts(run, FIGURES_FOLDER)]
    assert f"{FIGURES_FOLDER}/reliability.png" in figures


def test_the_bundle_is_registered_and_the_report_lies_beside_it(
    recorded: dict[str, Any], mlflow_server: LocalRegistry, tmp_path: Path
) -> None:
    assert recorded["registered_version"] == 1
    client = MlflowClient(mlflow_server.uri)
    version = client.get_model_version("tracked-intents", "1")
    assert version.run_id is not None
    evaluation = client.download_artifacts(version.run_id, EVALUATION_FILE, str(tmp_path))
    assert json.loads(Path(evaluation).read_text())["accuracy_int8"] == recorded["accuracy_int8"]
    assert version.tags["bundle_digest"] == f"sha256:{recorded['digest']}"
    assert recorded["report"] == f"{recorded['bundle']}.html"


def test_experiments_finds_it_with_the_command_that_repeats_it(
    recorded: dict[str, Any], few_intents: Path, mlflow_server: LocalRegistry
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "experiments", "best", "--tracked", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ
        | {
            "TICKETS_REGISTRY_TRACKING_URI": mlflow_server.uri,
            "TICKETS_REGISTRY_MODEL": "tracked-intents",
        },
    )
    best = json.loads(done.stdout)
    assert best["run"] == recorded["mlflow_run"]
    assert best["accuracy"] == pytest.approx(recorded["accuracy_int8"])
    assert 0.0 < best["held_out_accuracy"] <= 1.0
    plan = Plan(str(few_intents), ArchitectureName.TFIDF, quick=True)
    assert best["command"] == plan.command


def test_without_a_server_a_training_that_need_not_be_recorded_goes_on(
    few_intents: Path, tmp_path: Path
) -> None:
    done = train(few_intents, tmp_path, TICKETS_REGISTRY_TRACKING_URI=NO_SERVER)
    assert done.returncode == 0, done.stderr
    assert "warning: the training is not recorded" in done.stderr
    assert json.loads(done.stdout)["mlflow_run"] is None


def test_without_a_server_a_training_that_must_be_recorded_does_not_begin(
    few_intents: Path, tmp_path: Path
) -> None:
    done = train(few_intents, tmp_path, "--track", TICKETS_REGISTRY_TRACKING_URI=NO_SERVER)
    assert done.returncode == 3
    assert f"no MLflow server answers at {NO_SERVER}" in done.stderr
    assert list_bundles(tmp_path) == []


def started(uri: str) -> TrackedRun:
    return TrackedRun.start(uri, experiment="runs", name="one", params={"seed": 7}, tags={})


def finish(run: TrackedRun) -> list[str]:
    return run.finish(metrics={"accuracy": 0.9}, tags={}, report="<p>", figures={"one": b"PNG"})


def epoch(number: int) -> EpochRecord:
    return EpochRecord(number, 1.0 / number, 0.5, 0.9, 2.0)


def test_a_run_whose_server_has_gone_says_what_is_lost() -> None:
    with start_local_registry() as server:
        run = started(server.uri)
        run.log_epoch(epoch(1))
    with run:
        run.log_epoch(epoch(2))
        lost = finish(run)
    assert lost == [
        "the figures of some epochs",
        "the metrics",
        "the report",
        "the images",
        "that the run has ended",
    ]


def test_epochs_that_a_hiccup_kept_back_are_sent_at_the_end(tmp_path: Path) -> None:
    with start_local_registry(folder=tmp_path) as server:
        run, port = started(server.uri), int(server.uri.rpartition(":")[2])
        run.log_epoch(epoch(1))
    run.log_epoch(epoch(2))
    with start_local_registry(folder=tmp_path, port=port) as server:
        assert finish(run) == []
        history = MlflowClient(server.uri).get_metric_history(run.run_id, "loss")
    assert [metric.step for metric in history] == [1, 2]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError(), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_a_training_that_breaks_off_ends_its_run(
    error: BaseException, status: str, mlflow_server: LocalRegistry
) -> None:
    run = started(mlflow_server.uri)
    with pytest.raises(type(error)), run:
        raise error
    assert MlflowClient(mlflow_server.uri).get_run(run.run_id).info.status == status


def test_no_server_at_the_start_is_one_line() -> None:
    with pytest.raises(Unavailable, match="no MLflow server answers") as raised:
        started(NO_SERVER)
    assert "\n" not in raised.value.message
