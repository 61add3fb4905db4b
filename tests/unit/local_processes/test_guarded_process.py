from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stream_app.local_processes.guarded_process import GuardedProcess
from tests.unit.local_processes.processes import running_with
from tests.waiting import wait_until

SERVER = """
import sys, time
print(sys.argv[1], "is up", flush=True)
time.sleep(300)
"""
"""Carries a name of its own on the command line, by which it is found."""

STUBBORN_SERVER = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(sys.argv[1], "is up", flush=True)
time.sleep(300)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    (data / "records").write_text("some", encoding="utf-8")
    return data


@pytest.fixture
def guarded(tmp_path: Path, folder: Path) -> Iterator[GuardedProcess]:
    log = tmp_path / "log"
    process = GuardedProcess([server_command(tmp_path)], log=log, remove=folder)
    wait_until(lambda: "is up" in log.read_text(encoding="utf-8"))
    yield process
    process.kill()


def server_command(tmp_path: Path, script: str = SERVER) -> list[str]:
    return [sys.executable, "-c", script, name_of(tmp_path)]


def servers(tmp_path: Path) -> list[psutil.Process]:
    """The running servers of this test, known by their last argument."""
    name = name_of(tmp_path)
    return [process for process in running_with(name) if process.info["cmdline"][-1] == name]


def name_of(tmp_path: Path) -> str:
    return f"server of {tmp_path}"


def test_stop_ends_the_server_and_deletes_its_folder(
    guarded: GuardedProcess, tmp_path: Path, folder: Path
) -> None:
    assert len(servers(tmp_path)) == 1
    guarded.stop(keep=False)
    assert servers(tmp_path) == []
    assert not folder.exists()
    guarded.stop(keep=False)


def test_stop_can_keep_the_folder(guarded: GuardedProcess, tmp_path: Path, folder: Path) -> None:
    guarded.stop(keep=True)
    assert servers(tmp_path) == []
    assert folder.exists()


def test_kill_ends_the_server_and_keeps_the_folder(
    guarded: GuardedProcess, tmp_path: Path, folder: Path
) -> None:
    guarded.kill()
    wait_until(lambda: servers(tmp_path) == [])
    assert folder.exists()
    assert not guarded.running


def test_the_server_stays_when_the_thread_that_started_it_ends(
    tmp_path: Path, folder: Path
) -> None:
    log = tmp_path / "log"
    started: list[GuardedProcess] = []
    thread = threading.Thread(
        target=lambda: started.append(
            GuardedProcess([server_command(tmp_path)], log=log, remove=folder)
        )
    )
    thread.start()
    thread.join()
    try:
        wait_until(lambda: "is up" in log.read_text(encoding="utf-8"))
        assert len(servers(tmp_path)) == 1
    finally:
        started[0].stop(keep=False)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_no_server_and_no_folder_outlive_a_parent_that_dies(
    tmp_path: Path, folder: Path, end: signal.Signals
) -> None:
    log = tmp_path / "log"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from stream_app.local_processes.guarded_process import GuardedProcess\n"
        "log, folder, *command = sys.argv[1:]\n"
        "guarded = GuardedProcess([command], log=Path(log), remove=Path(folder))\n"
        "time.sleep(300)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(log), str(folder), *server_command(tmp_path)]
    ) as parent:
        wait_until(lambda: log.exists() and "is up" in log.read_text(encoding="utf-8"))
        # The parent carries the server's name on its own command line.
        assert len(servers(tmp_path)) == 2
        parent.send_signal(end)
    wait_until(lambda: servers(tmp_path) == [])
    wait_until(lambda: not folder.exists())


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG exists on Linux only")
def test_the_server_does_not_outlive_its_guard(guarded: GuardedProcess, tmp_path: Path) -> None:
    (server,) = servers(tmp_path)
    guard = server.parent()
    assert guard is not None
    guard.kill()
    wait_until(lambda: servers(tmp_path) == [])
    assert not guarded.running


def test_a_server_that_ignores_sigterm_is_killed_after_the_grace_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_app.local_processes.guarded_process.STOP_GRACE_S", 0.2)
    log = tmp_path / "log"
    process = GuardedProcess([server_command(tmp_path, STUBBORN_SERVER)], log=log)
    wait_until(lambda: "is up" in log.read_text(encoding="utf-8"))
    began = time.monotonic()
    process.stop(keep=False)
    assert servers(tmp_path) == []
    assert time.monotonic() - began < 5


def test_the_server_is_not_started_after_a_command_that_fails(tmp_path: Path) -> None:
    log = tmp_path / "log"
    failing = [sys.executable, "-c", "print('cannot format'); raise SystemExit(3)"]
    process = GuardedProcess([failing, server_command(tmp_path)], log=log)
    try:
        wait_until(lambda: not process.running)
    finally:
        process.kill()
    assert log.read_text(encoding="utf-8") == "cannot format\n"


def test_a_server_that_ends_by_itself_is_noticed(tmp_path: Path, folder: Path) -> None:
    process = GuardedProcess([[sys.executable, "-c", "pass"]], log=tmp_path / "log", remove=folder)
    process.wait()
    assert not process.running
    assert folder.exists()
