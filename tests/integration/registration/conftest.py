from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from stream_app.cli import model as entry
from stream_app.registry.local_server import LocalRegistry
from tests.integration.registration.word_models import labelled_rows, word_bundle
from training import model_command
from training.gate import load_limits
from training.registration import RegisteredModel, register_bundle

Tickets = Callable[..., None]


@pytest.fixture
def tickets_model(
    monkeypatch: pytest.MonkeyPatch, mlflow_server: LocalRegistry, fresh_model_name: str
) -> Tickets:
    """Calls `tickets model ARGUMENTS` on a model of this test's own; no Kafka is configured."""
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.delenv("TICKETS_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    monkeypatch.setenv("TICKETS_REGISTRY_MODEL", fresh_model_name)

    def call(*arguments: str) -> None:
        context = typer.Context(typer.main.get_command(model_command.app))
        context.args = list(arguments)
        entry.model(context)

    return call


@pytest.fixture
def registered(mlflow_server: LocalRegistry, fresh_model_name: str) -> RegisteredModel:
    """The model that `tickets_model` works on."""
    return RegisteredModel(mlflow_server.uri, fresh_model_name)


@pytest.fixture
def new_version(
    mlflow_server: LocalRegistry, fresh_model_name: str, tmp_path: Path
) -> Callable[[dict[str, int]], int]:
    """Registers a bundle that knows these words; returns its number."""
    made: list[int] = []

    def register(words: dict[str, int]) -> int:
        bundle = word_bundle(tmp_path / "bundles", words, version=f"v{len(made) + 1}")
        made.append(register_bundle(bundle, tracking_uri=mlflow_server.uri, model=fresh_model_name))
        return made[-1]

    return register


@pytest.fixture
def judged_by(tmp_path: Path) -> tuple[str, ...]:
    """Options: rows that hold the good model's words, and limits without a say on latency.

    Models of three words differ in nothing but what else the machine does meanwhile.
    """
    limits = load_limits()
    patient = limits.model_copy(
        update={"latency": limits.latency.model_copy(update={"ratio": 1_000.0})}
    )
    path = tmp_path / "limits.yaml"
    path.write_text(patient.model_dump_json())
    rows = tmp_path / "rows"
    rows.mkdir()
    labelled_rows(rows / "test.csv")
    return ("--data", str(rows), "--limits", str(path))
