"""Settings come from file and environment; a wrong one is a single line without its value."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stream_app.errors import UserError
from stream_app.settings import load_settings

pytestmark = pytest.mark.usefixtures("own_broker_only")


def test_the_environment_comes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "tickets.toml"
    config.write_text('[worker]\nconsumer_group = "from-file"\nprobe_port = 1234\n')
    monkeypatch.setenv("TICKETS_WORKER_CONSUMER_GROUP", "from-environment")
    settings = load_settings(config)
    assert settings.worker.consumer_group == "from-environment"
    assert settings.worker.probe_port == 1234


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("TICKETS_WORKER_PROBE_PORT", "99999", "worker.probe_port"),
        ("TICKETS_WORKER_NO_SUCH_SETTING", "1", "worker.no_such_setting"),
        ("TICKETS_KAFKA_SECURITY_PROTOCOL", "SASL_SSL", "needs sasl_username and sasl_password"),
        ("TICKETS_KAFKA_SSL_CAFILE", "/nowhere/ca.pem", "no such file: /nowhere/ca.pem"),
        ("TICKETS_TOPICS_RAW", "tickets.dlq", "two topics share one name"),
        ("TICKETS_TOPICS_RAW", "not a topic!", "topics.raw"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as caught:
        load_settings()
    assert told in caught.value.message
    assert "\n" not in caught.value.message


def test_a_secret_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKETS_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("TICKETS_KAFKA_SASL_USERNAME", "desk")
    monkeypatch.setenv("TICKETS_KAFKA_SASL_PASSWORD", "hunter2-secret")
    assert "hunter2" not in repr(load_settings())
    monkeypatch.setenv("TICKETS_KAFKA_SASL_MECHANISM", "GSSAPI")
    with pytest.raises(UserError) as caught:
        load_settings()
    assert "hunter2" not in caught.value.message


@pytest.mark.parametrize("content", ["[worker\n", "worker = 3\n", "[nothing]\nx = 1\n"])
def test_a_malformed_file_is_one_line(tmp_path: Path, content: str) -> None:
    config = tmp_path / "tickets.toml"
    config.write_text(content)
    with pytest.raises(UserError) as caught:
        load_settings(config)
    assert "\n" not in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.toml"):
        load_settings(tmp_path / "nowhere.toml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_line(tmp_path: Path) -> None:
    config = tmp_path / "tickets.toml"
    config.touch(mode=0)
    with pytest.raises(UserError, match=rf"cannot read {config}: Permission denied"):
        load_settings(config)


@pytest.mark.parametrize("place", ["--config", "TICKETS_KAFKA_SSL_CAFILE"])
def test_a_path_that_cannot_be_looked_at_is_one_line(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_long = tmp_path / ("x" * 300)
    if place != "--config":
        monkeypatch.setenv(place, str(too_long))
    with pytest.raises(UserError, match=rf"cannot read {too_long}: File name too long"):
        load_settings(too_long if place == "--config" else None)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux")
def test_a_file_that_gives_nothing_to_read_is_one_line() -> None:
    with pytest.raises(UserError, match=r"cannot read /proc/self/mem: Input/output error"):
        load_settings(Path("/proc/self/mem"))
