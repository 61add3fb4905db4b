"""A Kafka that asks for names, passwords and certificates, as a company's own cluster does.

Three ways in on one node: plain for the verifier, SASL over TLS, and TLS with the client's own
certificate.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stream_app.broker.server_properties import ONE_NODE
from stream_app.local_processes.ports import LOOPBACK, free_ports
from tests.kafka_node import kafka_node

USER = "desk"
PASSWORD = "plum-lantern-7731"


@dataclass(frozen=True)
class SecuredKafka:
    """The addresses of the three ways in, and the files that clients need for two of them."""

    plain: str
    sasl_over_tls: str
    mutual_tls: str
    ca: Path
    client_certificate: Path
    client_key: Path


@contextmanager
def secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """A node whose data, log and certificates lie in `folder`; stopped when the block ends."""
    plain, sasl, mutual, controller = free_ports(4)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _certificate("test authority", ca_key, ca_key, "test authority", authority=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    for name in ("server", "client"):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(name, key, ca_key, "test authority", authority=False)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        public = certificate.public_bytes(serialization.Encoding.PEM)
        (folder / f"{name}.key").write_bytes(private)
        (folder / f"{name}.pem").write_bytes(public)
        # Kafka reads both from one file.
        (folder / f"{name}-both.pem").write_bytes(private + public)
    settings = _settings(folder, plain=plain, sasl=sasl, mutual=mutual, controller=controller)
    with kafka_node(
        folder,
        "".join(f"{name}={value}\n" for name, value in settings.items()),
        address=f"{LOOPBACK}:{plain}",
        format_options=("--add-scram", f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"),
    ):
        yield SecuredKafka(
            plain=f"{LOOPBACK}:{plain}",
            sasl_over_tls=f"{LOOPBACK}:{sasl}",
            mutual_tls=f"{LOOPBACK}:{mutual}",
            ca=folder / "ca.pem",
            client_certificate=folder / "client.pem",
            client_key=folder / "client.key",
        )


def _settings(
    folder: Path, *, plain: int, sasl: int, mutual: int, controller: int
) -> dict[str, str]:
    ways_in = f"PLAIN://{LOOPBACK}:{plain},SASL://{LOOPBACK}:{sasl},MUTUAL://{LOOPBACK}:{mutual}"
    module = "org.apache.kafka.common.security"
    return {
        **ONE_NODE,
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAIN",
        "listeners": f"{ways_in},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": ways_in,
        "listener.security.protocol.map": (
            "PLAIN:PLAINTEXT,SASL:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT"
        ),
        "log.dirs": str(folder / "data"),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "server-both.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "listener.name.mutual.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.sasl.plain.sasl.jaas.config": (
            f'{module}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        ),
        "listener.name.sasl.scram-sha-512.sasl.jaas.config": (
            f"{module}.scram.ScramLoginModule required;"
        ),
    }


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    issuer: str,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )
