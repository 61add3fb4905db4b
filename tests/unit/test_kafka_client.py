"""Both client libraries get the same credentials out of one group of settings."""

from __future__ import annotations

from pathlib import Path

import faust
import pytest
from faust.types.auth import AuthProtocol, SASLMechanism
from pydantic import SecretStr

from stream_app.errors import UserError
from stream_app.kafka_client import aiokafka_options, bootstrap_servers, faust_credentials
from stream_app.settings import KafkaSettings

pytestmark = pytest.mark.usefixtures("own_broker_only")


def test_a_plain_connection_needs_no_credentials() -> None:
    assert aiokafka_options(KafkaSettings()) == {"security_protocol": "PLAINTEXT"}
    assert faust_credentials(KafkaSettings()) is None


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SASL_SSL"])
def test_sasl_reaches_both_clients(protocol: str, mechanism: str) -> None:
    settings = KafkaSettings.model_validate(
        {
            "security_protocol": protocol,
            "sasl_mechanism": mechanism,
            "sasl_username": "desk",
            "sasl_password": SecretStr("secret"),
        }
    )
    options = aiokafka_options(settings)
    assert options["security_protocol"] == protocol
    assert options["sasl_mechanism"] == mechanism
    assert options["sasl_plain_username"] == "desk"
    assert options["sasl_plain_password"] == "secret"
    assert ("ssl_context" in options) == (protocol == "SASL_SSL")
    credentials = faust_credentials(settings)
    assert isinstance(credentials, faust.SASLCredentials)
    assert credentials.protocol is AuthProtocol(protocol)
    assert credentials.mechanism is SASLMechanism(mechanism)
    assert (credentials.username, credentials.password) == ("desk", "secret")


def test_tls_alone_reaches_both_clients() -> None:
    settings = KafkaSettings(security_protocol="SSL")
    assert "ssl_context" in aiokafka_options(settings)
    credentials = faust_credentials(settings)
    assert credentials is not None
    assert credentials.protocol is AuthProtocol.SSL


def test_the_setting_comes_before_the_plain_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "plain:9092")
    assert bootstrap_servers(KafkaSettings()) == "plain:9092"
    assert bootstrap_servers(KafkaSettings(bootstrap_servers="own:9092")) == "own:9092"


def test_no_address_at_all_says_what_to_do() -> None:
    with pytest.raises(UserError, match="KAFKA_BOOTSTRAP_SERVERS"):
        bootstrap_servers(KafkaSettings())


def test_a_certificate_that_is_none_is_one_line_that_names_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate")
    settings = KafkaSettings(security_protocol="SSL", ssl_cafile=path)
    with pytest.raises(UserError, match="ssl_cafile"):
        aiokafka_options(settings)
