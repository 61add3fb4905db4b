from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.broker.local_kafka import telling_line
from stream_app.broker.server_properties import server_properties

BIND_FAILURE = """\
2026-01-01T00:00:00.000 [main] WARN kafka.server.Something - harmless
2026-01-01T00:00:00.100 [main] ERROR kafka.Kafka$ - Exiting Kafka due to fatal exception
org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:9092
\tat org.apache.kafka.network.Acceptor.open(Acceptor.java:1)
Caused by: java.net.BindException: Address already in use
\tat java.base/sun.nio.ch.Net.bind0(Native Method)
2026-01-01T00:00:00.200 [main] WARN kafka.server.Something - shutting down
"""


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (BIND_FAILURE, "Caused by: java.net.BindException: Address already in use"),
        (
            "java.lang.OutOfMemoryError: Java heap space\n\tat a.b\nlast words\n",
            "java.lang.OutOfMemoryError: Java heap space",
        ),
        ("[main] ERROR kafka.Kafka$ - no quorum\n[main] WARN x - bye\n", None),
        ("Error: Could not find or load main class kafka.Kafka\n", None),
    ],
)
def test_the_cause_is_quoted_before_anything_else(log: str, line: str | None) -> None:
    assert telling_line(log) == (line or log.splitlines()[0])


def test_an_empty_log_is_told() -> None:
    assert telling_line("\n\n") == "its log is empty"


def test_the_properties_name_the_ports_and_the_folder() -> None:
    text = server_properties(port=1111, controller_port=2222, log_dir=Path("/data of mine/d"))
    settings = dict(line.split("=", 1) for line in text.splitlines())
    assert settings["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1111"
    assert settings["controller.quorum.voters"] == "1@127.0.0.1:2222"
    assert settings["log.dirs"] == "/data of mine/d"
    assert settings["message.max.bytes"] == "16777216"
