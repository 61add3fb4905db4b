from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest
import typer

from stream_app.cli import model as entry
from stream_app.errors import Unavailable
from stream_app.registry import local_server
from stream_app.settings import load_settings


def test_the_entries_import_neither_mlflow_nor_training() -> None:
    script = (
        "import sys, stream_app.cli.model, stream_app.cli.registry\n"
        "heavy = {'mlflow', 'training', 'onnxruntime'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_mistake_is_told_before_mlflow_is_imported() -> None:
    script = (
        "import sys\n"
        "from training.model_command import app\n"
        "from stream_app.errors import UserError\n"
        "try:\n"
        "    app(['list', '--config', 'nowhere.toml'], standalone_mode=False)\n"
        "except UserError:\n"
        "    sys.exit('mlflow' in sys.modules)\n"
        "sys.exit('no error')"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_the_client_alone_cannot_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_the_client(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(local_server, "version", only_the_client)
    with pytest.raises(Unavailable, match=r"pip install '\.\[training\]'"):
        local_server.start_local_registry()


def test_workers_that_cannot_be_told_are_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """Port 9 (discard) of the loopback address: nothing listens there."""
    entry._nudge_workers(load_settings(kafka={"bootstrap_servers": "127.0.0.1:9"}))
    assert "will look by themselves within 15 s" in capsys.readouterr().err


def test_without_kafka_nobody_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_broker_only: None
) -> None:
    entry._nudge_workers(load_settings())
    assert capsys.readouterr().err == ""


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="training is not installed"):
        entry.model(typer.Context(typer.main.get_command(typer.Typer(callback=lambda: None))))
