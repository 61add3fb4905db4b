"""Translates the Kafka settings into what each client library wants; opens no connection."""

from __future__ import annotations

import os
import ssl
from typing import Any

import faust

from stream_app.errors import UserError
from stream_app.settings import KafkaSettings


def bootstrap_servers(kafka: KafkaSettings) -> str:
    """Where the cluster is: the setting, else `KAFKA_BOOTSTRAP_SERVERS`.

    Raises `UserError` where neither is set.
    """
    servers = kafka.bootstrap_servers or os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        raise UserError(
            "no Kafka given: set KAFKA_BOOTSTRAP_SERVERS=host:port, "
            "or start one here with `tickets broker`"
        )
    return servers


def aiokafka_options(kafka: KafkaSettings) -> dict[str, Any]:
    """Security arguments for aiokafka's consumer, producer and admin client.

    Raises `UserError` where certificates or key cannot be read.
    """
    options: dict[str, Any] = {"security_protocol": kafka.security_protocol}
    if kafka.sasl_password is not None and kafka.security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.sasl_username,
            "sasl_plain_password": kafka.sasl_password.get_secret_value(),
        }
    context = _ssl_context(kafka)
    if context is not None:
        options["ssl_context"] = context
    return options


def faust_credentials(kafka: KafkaSettings) -> faust.auth.Credentials | None:
    """The same for Faust's consumer; None for a plain connection."""
    context = _ssl_context(kafka)
    if kafka.sasl_password is not None and kafka.security_protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=kafka.sasl_username,
            password=kafka.sasl_password.get_secret_value(),
            mechanism=kafka.sasl_mechanism,
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None


def _ssl_context(kafka: KafkaSettings) -> ssl.SSLContext | None:
    if not kafka.security_protocol.endswith("SSL"):
        return None
    try:
        context = ssl.create_default_context(cafile=kafka.ssl_cafile)
        if kafka.ssl_certfile is not None:
            context.load_cert_chain(kafka.ssl_certfile, kafka.ssl_keyfile)
    except OSError as error:  # that of `ssl` is one
        raise UserError(
            "settings kafka.ssl_cafile, ssl_certfile and ssl_keyfile: no certificates and key in "
            f"PEM that belong together ({error.strerror or error})"
        ) from error
    return context
