from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from stream_app.broker import find_broker
from stream_app.broker.probe import check_answers
from stream_app.errors import Unavailable, UserError
from stream_app.local_processes.ports import free_ports
from tests.unit.broker.conftest import AddProgram

JAVA_17 = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2"
REPOSITORY = Path(__file__).parents[3]

pytestmark = pytest.mark.usefixtures("bare_machine")


def test_a_named_broker_that_is_down_is_an_error_and_nothing_else_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", address)
    with pytest.raises(Unavailable) as raised:
        find_broker()
    assert f"nothing accepts connections at {address}" in raised.value.message
    assert "KAFKA_BOOTSTRAP_SERVERS" in raised.value.message
    assert "\n" not in raised.value.message


def test_a_server_that_is_no_kafka_is_told_from_one_that_is_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unavailable, match=f"{address} accepts connections but gives no answer"):
            check_answers(address, timeout_s=0.5)


def test_a_server_that_may_want_other_credentials_is_told_with_where_they_are_set() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        security = {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_plain_username": "desk",
            "sasl_plain_password": "hunter2",
        }
        with pytest.raises(Unavailable, match="TICKETS_KAFKA_") as raised:
            check_answers(address, timeout_s=0.5, kafka_security=security)
        assert "hunter2" not in raised.value.message


@pytest.mark.parametrize(
    "address", ["localhost:kafka", "a..b:9092", "kafka://localhost:9092", "localhost:9092,b c:1"]
)
def test_an_address_that_is_none_is_one_clear_line(address: str) -> None:
    with pytest.raises(UserError, match=f"'{address}' is not a list of host:port: .") as raised:
        check_answers(address, timeout_s=0.5)
    assert raised.value.exit_code == 2


def test_a_port_cannot_be_wished_for_a_broker_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9")
    with pytest.raises(UserError, match="unset the variable"):
        find_broker(port=9092)
    with pytest.raises(UserError, match="unset the variable"):
        find_broker(data_dir=tmp_path)


def test_an_empty_variable_names_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", " ")
    with pytest.raises(Unavailable, match="KAFKA_BOOTSTRAP_SERVERS is not set"):
        find_broker(only="external")


def test_the_mock_is_the_last_resort_and_says_what_it_is_and_why() -> None:
    told: list[str] = []
    with find_broker(on_progress=told.append) as broker:
        assert broker.kind == "mock"
        for part in (
            "MOCK",
            "in memory",
            "not a real Kafka",
            "KAFKA_BOOTSTRAP_SERVERS is not set, no Docker engine answers, there is no Java",
        ):
            assert part in broker.description
        assert told == [f"broker at {broker.bootstrap_servers}: {broker.description}"]


def test_java_without_maven_and_without_cached_jars_is_passed_over(
    add_program: AddProgram,
) -> None:
    add_program("java", JAVA_17)
    with find_broker() as broker:
        assert broker.kind == "mock"
        assert "jars are not cached and there is no Maven" in broker.description


def test_a_maven_that_reaches_no_repository_is_passed_over_and_quoted(
    add_program: AddProgram, tmp_path: Path
) -> None:
    add_program("java", JAVA_17)
    add_program("mvn", "echo '[ERROR] Unknown host repository.example'; echo '[ERROR] -e'; exit 1")
    with find_broker() as broker:
        assert broker.kind == "mock"
        assert "cannot bring Kafka's jars (Unknown host repository.example)" in broker.description
    assert list((tmp_path / "cache" / "kafka").iterdir()) == []


def test_an_old_java_is_told_from_none(add_program: AddProgram) -> None:
    program = add_program("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    with pytest.raises(Unavailable, match=f"Java 17 and there is only Java 11 at {program}"):
        find_broker(only="java")


def test_java_home_is_looked_at_before_the_path(
    add_program: AddProgram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    add_program("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    home = tmp_path / "jdk"
    (home / "bin").mkdir(parents=True)
    add_program("newer", JAVA_17).rename(home / "bin" / "java")
    monkeypatch.setenv("JAVA_HOME", str(home))
    with pytest.raises(Unavailable, match="there is no Maven"):
        find_broker(only="java")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("docker", "no Docker engine answers"), ("java", "there is no Java")],
)
def test_a_kind_that_is_asked_for_and_cannot_be_had_is_an_error(kind: str, reason: str) -> None:
    with pytest.raises(Unavailable, match=reason):
        find_broker(only=kind)  # type: ignore[arg-type]


def test_where_nothing_can_be_had_each_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as raised:
        find_broker(data_dir=tmp_path / "data")
    for reason in (
        "KAFKA_BOOTSTRAP_SERVERS is not set",
        "a container keeps no data",
        "there is no Java",
        "the mock cluster takes no port and keeps no data",
        "install Java 17 and Maven",
    ):
        assert reason in raised.value.message
    assert raised.value.exit_code == 3
    assert not (tmp_path / "data").exists()


def test_an_install_without_the_broker_extra_says_what_to_install(tmp_path: Path) -> None:
    installed = Path(sysconfig.get_path("purelib"))
    site = tmp_path / "site"
    site.mkdir()
    for package in installed.iterdir():
        if not package.name.startswith(("confluent_kafka", "testcontainers", "docker")):
            (site / package.name).symlink_to(package)
    script = (
        "from stream_app.broker import find_broker\n"
        "from stream_app.errors import Unavailable\n"
        "try:\n    find_broker()\n"
        "except Unavailable as error:\n    print(error.message)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-S", "-c", script],
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{site}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Docker needs testcontainers (pip install '.[broker]' in" in answer.stdout
    assert "mock cluster needs confluent-kafka (pip install '.[broker]' in" in answer.stdout
