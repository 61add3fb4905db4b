from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_app.local_processes.ports import free_ports

AddProgram = Callable[[str, str], Path]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder on the PATH of `bare_machine`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, programs: Path) -> None:
    """No broker named, no Docker engine, no Java, no Maven, an empty cache."""
    for variable in ("KAFKA_BOOTSTRAP_SERVERS", "JAVA_HOME", "DOCKER_CONTEXT"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{free_ports(1)[0]}")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("TICKETS_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def add_program(programs: Path) -> AddProgram:
    """Put a shell script on the PATH of `bare_machine`."""

    def add(name: str, script: str) -> Path:
        program = programs / name
        program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return program

    return add
