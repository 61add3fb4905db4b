from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def tickets(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
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


@pytest.mark.parametrize("address", ["localhost:abc", "a..b:9092"])
@pytest.mark.parametrize(
    "command", [("worker", "--check"), ("dlq", "redrive", "--all"), ("dlq", "list")]
)
def test_a_kafka_that_is_no_address_is_one_line(command: tuple[str, ...], address: str) -> None:
    ended = tickets(*command, KAFKA_BOOTSTRAP_SERVERS=address)
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"error: '{address}' is not a list of host:port: ")


def test_a_closed_standard_input_is_one_line() -> None:
    for command in ("classify", "produce -"):
        ended = subprocess.run(
            ["/bin/sh", "-c", f'exec "$0" -m stream_app {command} <&-', sys.executable],
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 2
        [line] = ended.stderr.splitlines()
        assert line.startswith("error: standard input is closed: ")


def test_a_reader_that_went_away_is_no_fault() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "stream_app", "--version"], stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    assert ended.returncode == 141
    assert ended.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_one_line() -> None:
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "stream_app", "--version"], stdout=full, stderr=subprocess.PIPE
        )
    assert ended.returncode == 3
    assert ended.stderr == b"error: nothing more can be written: No space left on device\n"
