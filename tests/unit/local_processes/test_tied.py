from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from stream_app.local_processes import tied
from tests.unit.local_processes.processes import running_with
from tests.waiting import wait_until

PARENT = """
import subprocess, sys
tied, log, *arguments = sys.argv[1:]
with open(log, "w") as output:
    child = subprocess.Popen(
        [sys.executable, "-m", tied, *arguments],
        stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True,
    )
sys.exit(child.wait())
"""

MODULE = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", *sys.argv[1:]])
print(__name__, *sys.argv[1:], flush=True)
if sys.argv[1] == "ends":
    child.kill()
    sys.exit(5)
time.sleep(300)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def start(tmp_path: Path, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A parent whose tied child runs `MODULE`; the test's folder is on all command lines."""
    (tmp_path / "module_of_test.py").write_text(MODULE, encoding="utf-8")
    of_the_child = [tied.__name__, str(log), "module_of_test", *arguments, str(tmp_path)]
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, *of_the_child],
        env={"PYTHONPATH": f"{tmp_path}:{Path.cwd()}"},
    )


def running(tmp_path: Path) -> list[psutil.Process]:
    return running_with(str(tmp_path))


def said(log: Path) -> str:
    return log.read_text(encoding="utf-8") if log.exists() else ""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_neither_the_module_nor_its_children_outlive_a_parent_that_dies(
    tmp_path: Path, log: Path, end: signal.Signals
) -> None:
    with start(tmp_path, log, "waits") as parent:
        wait_until(lambda: said(log).startswith("__main__ waits"))
        assert len(running(tmp_path)) == 3
        parent.send_signal(end)
    wait_until(lambda: running(tmp_path) == [])


def test_the_exit_code_is_that_of_the_module(tmp_path: Path, log: Path) -> None:
    assert start(tmp_path, log, "ends").wait() == 5
    assert said(log) == f"__main__ ends {tmp_path}\n"
