from __future__ import annotations

from dataclasses import dataclass

import pytest

from stream_app.broker import Broker, Kind
from stream_app.isolation import isolated_settings, worker_environment
from stream_app.settings import TopicSettings, load_settings
from stream_app.topics import topic_specs

pytestmark = pytest.mark.usefixtures("own_broker_only")


@dataclass
class NamedBroker(Broker):
    kind: Kind
    bootstrap_servers: str = "127.0.0.1:19092"
    description: str = "a broker"

    def stop(self) -> None:
        """Nothing runs."""


def test_on_somebody_elses_broker_every_topic_and_the_group_are_of_this_run_alone() -> None:
    usual = TopicSettings()
    first, second = (isolated_settings(NamedBroker("external"), "demo") for _ in range(2))
    names = [
        {spec.name for spec in topic_specs(topics)} for topics in (first.topics, second.topics)
    ]
    assert len(names[0] | names[1] | {spec.name for spec in topic_specs(usual)}) == 27
    assert first.worker.consumer_group != second.worker.consumer_group


def test_on_a_broker_of_its_own_the_usual_names_are_used() -> None:
    assert isolated_settings(NamedBroker("java"), "demo").topics == TopicSettings()


def test_the_persons_own_cluster_is_never_taken_for_the_demos(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TICKETS_KAFKA_BOOTSTRAP_SERVERS", "production:9092")
    monkeypatch.setenv("TICKETS_KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("TICKETS_TOPICS_RAW", "live.tickets")

    settings = isolated_settings(NamedBroker("java"), "demo")
    for name, value in worker_environment(settings).items():
        monkeypatch.setenv(name, value)

    assert settings.kafka.bootstrap_servers == "127.0.0.1:19092"
    assert settings.kafka.security_protocol == "PLAINTEXT"
    assert load_settings().model_dump() == settings.model_dump()
