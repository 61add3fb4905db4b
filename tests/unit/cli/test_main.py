from __future__ import annotations

import subprocess
import sys

import pytest


def tickets(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments], capture_output=True, text=True
    )


@pytest.mark.parametrize("group", ["dlq", "model", "experiments"])
def test_a_group_without_a_subcommand_shows_its_help_and_no_empty_error(group: str) -> None:
    ended = tickets(group)
    assert ended.returncode == 2
    assert "Usage" in ended.stdout + ended.stderr
    assert "error:" not in ended.stderr


def test_a_command_that_does_not_exist_is_one_line() -> None:
    ended = tickets("tikcets")
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: ")
    assert len(ended.stderr.splitlines()) == 1
