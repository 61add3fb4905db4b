"""A child process asks no proxy for the servers of this machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from stream_app.local_processes.no_proxy import without_proxy_here

BYPASSED = """
import requests.utils, sys, urllib.request
for host in sys.argv[1:]:
    print(
        bool(urllib.request.proxy_bypass_environment(host)),
        bool(requests.utils.should_bypass_proxies(f"http://{host}:5000/", None)),
    )
"""


HOSTS = ("127.0.0.1", "kafka.example", "other.example")


def bypassed() -> list[str]:
    """What a child makes of it, by urllib and by requests, for each of `HOSTS`."""
    told = subprocess.run(
        [sys.executable, "-c", BYPASSED, *HOSTS],
        env={**os.environ, "http_proxy": "http://127.0.0.1:1", **without_proxy_here()},
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout.splitlines()


@pytest.mark.parametrize("name", ["no_proxy", "NO_PROXY"])
def test_the_loopback_address_joins_what_is_excepted_already(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(name, "kafka.example")
    assert bypassed() == ["True True", "True True", "False False"]


def test_where_everything_is_excepted_it_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    assert bypassed() == ["True True", "True True", "True True"]
