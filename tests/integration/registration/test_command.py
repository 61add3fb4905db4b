"""`tickets registry` and `tickets model` as people run them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stream_app.errors import UserError
from stream_app.local_processes.ports import free_ports, is_free
from stream_app.registry.local_server import LocalRegistry, start_local_registry
from tests.unit.local_processes.processes import running_with
from tests.waiting import wait_until


def tickets(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | environment,
    )


def test_the_server_runs_until_a_signal_and_leaves_no_process(tmp_path: Path) -> None:
    [port] = free_ports(1)
    folder = tmp_path / "mlflow"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "stream_app", "registry", "--json"),
            *("--port", str(port), "--data-dir", str(folder)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    announced = json.loads(process.stdout.readline())
    assert announced == {"uri": f"http://127.0.0.1:{port}", "folder": str(folder)}
    listed = tickets("model", "list", MLFLOW_TRACKING_URI=announced["uri"])
    assert (listed.returncode, listed.stdout) == (2, "")
    assert "register a bundle with" in listed.stderr

    second = tickets("registry", "--port", str(free_ports(1)[0]), "--data-dir", str(folder))
    assert second.returncode == 2
    assert "in use by another MLflow server" in second.stderr

    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "")
    assert "Traceback" not in errors
    wait_until(lambda: not running_with(str(port)) and is_free(port))
    assert (folder / "mlflow.db").exists()


def test_a_killed_server_comes_back_with_its_data(mlflow_server: LocalRegistry) -> None:
    from training.registration import RegisteredModel
    from training.registration.server import connect

    name = "survivor"
    connect(mlflow_server.uri).create_registered_model(name)
    mlflow_server.kill()
    try:
        with pytest.raises(UserError, match="no MLflow server answers"):
            RegisteredModel(mlflow_server.uri, name).versions()
    finally:
        mlflow_server.start()
    assert RegisteredModel(mlflow_server.uri, name).versions() == []


def test_a_taken_port_is_one_line(mlflow_server: LocalRegistry) -> None:
    port = int(mlflow_server.uri.rpartition(":")[2])
    with pytest.raises(UserError, match=f"port {port} on 127.0.0.1 is taken"):
        start_local_registry(port=port)


def test_no_server_is_one_line_within_seconds() -> None:
    [port] = free_ports(1)
    began = time.monotonic()
    ran = tickets("model", "list", MLFLOW_TRACKING_URI=f"http://127.0.0.1:{port}")
    assert ran.returncode == 3
    assert "no MLflow server answers" in ran.stderr
    assert "Traceback" not in ran.stderr
    # Most of it is the import of MLflow on a busy machine; its own default is a quarter of an hour.
    assert time.monotonic() - began < 60


def test_no_registry_named_is_one_line() -> None:
    ran = tickets("model", "rollback", MLFLOW_TRACKING_URI="", TICKETS_KAFKA_BOOTSTRAP_SERVERS="")
    assert ran.returncode == 2
    assert "set MLFLOW_TRACKING_URI" in ran.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["promote", "--help"]], ids=" ".join)
def test_help_is_that_of_the_subcommand(arguments: list[str]) -> None:
    ran = tickets("model", *arguments)
    assert ran.returncode == 0
    assert f"tickets model{' promote' if len(arguments) > 1 else ''}" in ran.stdout
