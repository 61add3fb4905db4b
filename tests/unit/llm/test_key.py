"""A key comes from the environment or from a file that nobody else can read, and never shows."""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from stream_app.errors import UserError
from stream_app.llm import open_layer
from stream_app.llm.key import read_key
from stream_app.settings import LlmSettings, load_settings

ADDRESS = "https://llm.example/v1"


def with_file(path: Path) -> LlmSettings:
    return LlmSettings(api_key_file=path, base_url=ADDRESS, model="m")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text("test-key\n")
    path.chmod(0o600)
    return path


def test_a_file_of_its_owner_alone_is_read(key_file: Path) -> None:
    key = read_key(with_file(key_file))
    assert key is not None
    assert key.get_secret_value() == "test-key"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o601])
def test_a_file_that_others_may_use_is_refused_with_the_remedy(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(UserError, match="chmod 600") as caught:
        read_key(with_file(key_file))
    assert "\n" not in caught.value.message
    assert "test-key" not in caught.value.message


@pytest.mark.parametrize(
    "content", ["", "\n", "two words", "two\nlines\n", "k" * 5_000, "\u00e9", "a\x01b"]
)
def test_a_file_without_exactly_one_key_is_refused(key_file: Path, content: str) -> None:
    key_file.write_text(content)
    with pytest.raises(UserError, match="one key"):
        read_key(with_file(key_file))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(UserError, match="no plain file"):
        read_key(with_file(pipe))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere"):
        read_key(with_file(tmp_path / "nowhere"))


def test_the_key_is_in_no_representation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETS_LLM_API_KEY", "test-key")
    monkeypatch.setenv("TICKETS_LLM_BASE_URL", ADDRESS)
    monkeypatch.setenv("TICKETS_LLM_MODEL", "m")
    assert "test-key" not in repr(load_settings())
    monkeypatch.setenv("TICKETS_LLM_DEADLINE_S", "never")
    with pytest.raises(UserError, match=r"llm\.deadline_s") as caught:
        load_settings()
    assert "test-key" not in caught.value.message


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"api_key": "test-key"}, "base_url and model"),
        ({"api_key": "", "base_url": ADDRESS, "model": "m"}, "one word"),
        ({"api_key": "test-key\n", "base_url": ADDRESS, "model": "m"}, "one word"),
        ({"api_key": "test\u00e9", "base_url": ADDRESS, "model": "m"}, "one word"),
        ({"api_key": "test-key", "api_key_file": "key"}, "not both"),
        ({"base_url": "http://llm.example/v1"}, "unencrypted"),
        ({"base_url": "http://10.0.0.7/v1"}, "unencrypted"),
        ({"base_url": "http://localhost.example/v1"}, "unencrypted"),
        ({"base_url": "ftp://llm.example"}, "https://"),
        ({"base_url": "llm.example/v1"}, "https://"),
        ({"base_url": "https://user:pass@llm.example/v1"}, "no user"),
        ({"base_url": "https://llm.example/v1?key=1"}, "no user, query"),
        ({"base_url": "https://[::1"}, "host or port that is none"),
        ({"base_url": "https://llm.example:port/v1"}, "host or port that is none"),
        ({"money_per_hour": 1.0}, "prices"),
    ],
)
def test_a_wrong_setting_is_one_line(settings: dict[str, object], told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        load_settings(llm=settings)
    assert "\n" not in caught.value.message
    assert "pass@" not in caught.value.message


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": ADDRESS},
        {"base_url": "http://127.0.0.1:11434/v1"},
        {"base_url": "http://[::1]:8000/v1"},
        {"base_url": "http://localhost:8000/v1"},
        {"base_url": "http://llm.internal.example/v1", "allow_http": True},
    ],
)
def test_tls_and_this_machine_are_taken_and_more_where_it_is_allowed(
    settings: dict[str, object],
) -> None:
    assert load_settings(llm=settings).llm.base_url == settings["base_url"]


def test_without_a_key_there_is_no_layer() -> None:
    assert open_layer(LlmSettings(base_url=ADDRESS, model="m"), CollectorRegistry()) is None


def test_without_a_key_the_client_library_is_not_imported() -> None:
    program = (
        "import sys, prometheus_client, stream_app.llm, stream_app.settings as s\n"
        "stream_app.llm.open_layer(s.LlmSettings(), prometheus_client.CollectorRegistry())\n"
        "print([name for name in ('openai', 'httpx2') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("address", "proxy"),
    [
        ("https://10.0.0.999/v1", ""),
        ("https://llm.example/v1", "nonsense://user:hush@127.0.0.1:1080"),
    ],
)
def test_an_address_or_a_proxy_that_the_client_refuses_is_one_line_without_its_password(
    address: str, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    settings = LlmSettings(api_key="test-key", base_url=address, model="m")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="TICKETS_LLM_BASE_URL and the proxy variables") as raised:
        open_layer(settings, CollectorRegistry())
    assert "hush" not in "".join(traceback.format_exception(raised.value))
