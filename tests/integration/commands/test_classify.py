"""`tickets classify` and `explain` decide as the worker does, the language model included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.llm_server import LlmServer, answer, error

pytestmark = pytest.mark.model

DOUBTFUL = "My order and the blue trees"


def tickets(*arguments: str, server: LlmServer, bundle: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "stream_app", *arguments, "--bundle", str(bundle)],
        env=os.environ
        | {
            "TICKETS_LLM_API_KEY": "test-key",
            "TICKETS_LLM_BASE_URL": server.base_url,
            "TICKETS_LLM_MODEL": "test-model",
        },
        capture_output=True,
        text=True,
    )


def test_a_doubtful_text_is_asked_about_and_raised(bundle: Path) -> None:
    with LlmServer(answer(urgency="urgent")) as server:
        done = tickets(
            "classify", "--json", DOUBTFUL, "My card was stolen", server=server, bundle=bundle
        )
    assert done.returncode == 0, done.stderr
    doubtful, urgent = map(json.loads, done.stdout.splitlines())
    assert doubtful["queue"] == "priority"
    assert doubtful["llm"]["outcome"] == "answered"
    assert urgent["llm"] is None
    assert len(server.received) == 1


def test_a_server_that_fails_leaves_it_to_the_rules(bundle: Path) -> None:
    with LlmServer(error(503)) as server:
        done = tickets("classify", "--json", DOUBTFUL, server=server, bundle=bundle)
    assert done.returncode == 0, done.stderr
    ticket = json.loads(done.stdout)
    assert ticket["queue"] == "review"
    assert ticket["degraded"] is True
    assert "degraded" in ticket["review_reasons"]


def test_a_key_file_that_others_may_read_is_one_line(bundle: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("test-key")
    key.chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "worker", "--check", "--bundle", str(bundle)],
        env=os.environ
        | {
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9",
            "TICKETS_LLM_API_KEY_FILE": str(key),
            "TICKETS_LLM_BASE_URL": "http://127.0.0.1:9/v1",
            "TICKETS_LLM_MODEL": "test-model",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert str(key) in line
    assert "test-key" not in line.replace(str(key), "")


def test_standard_input_that_is_no_text_is_one_line(bundle: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "classify", "--bundle", str(bundle)],
        input=b"\xff\xfe\n",
        env=os.environ | {"LC_ALL": "C"},
        capture_output=True,
    )
    assert done.returncode == 2
    assert done.stderr.decode().splitlines() == ["error: standard input, line 1: is not UTF-8"]
