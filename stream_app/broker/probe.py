"""Asks whether something at an address answers as Kafka; changes nothing there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import collect_hosts
from aiokafka.errors import KafkaError

from stream_app.errors import Unavailable, UserError


def check_answers(
    bootstrap_servers: str, *, timeout_s: float, kafka_security: Mapping[str, Any] = {}
) -> None:
    """Return once a broker of the cluster has answered a metadata request.

    Blocks for at most about twice `timeout_s` seconds. Works inside a running event loop too:
    the request has a loop of its own in a thread.

    Raises `Unavailable` naming the address and what went wrong, and `UserError` where it is none.
    """
    addresses = parse_addresses(bootstrap_servers)
    if not any(_accepts(host, port, timeout_s) for host, port in addresses):
        raise Unavailable(
            f"nothing accepts connections at {bootstrap_servers}: start Kafka there, or correct "
            "the address"
        )
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(
            asyncio.run, _ask_metadata(bootstrap_servers, timeout_s, kafka_security)
        ).result()


def parse_addresses(bootstrap_servers: str) -> list[tuple[str, int]]:
    """Host and port of each, as the client reads them; asks no name service.

    Raises `UserError` where one is no address.
    """
    hosts: list[tuple[str, int, socket.AddressFamily]]
    try:
        hosts = collect_hosts(bootstrap_servers)
        for host, _, _ in hosts:
            # As a connection would, which raises the same in the middle of things.
            host.encode("idna")
            if "/" in host or " " in host:
                raise ValueError(f"{host!r} is no host")
    except ValueError as error:
        raise UserError(f"{bootstrap_servers!r} is not a list of host:port: {error}") from error
    return [(host, port) for host, port, _ in hosts]


def _accepts(host: str, port: int, timeout_s: float) -> bool:
    """A plain connection first: the client logs an error for each address that refuses one."""
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError:
        return False
    return True


async def _ask_metadata(
    bootstrap_servers: str, timeout_s: float, kafka_security: Mapping[str, Any]
) -> None:
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap_servers,
        request_timeout_ms=int(timeout_s * 1000),
        **kafka_security,
    )
    try:
        async with asyncio.timeout(timeout_s):
            await admin.start()
            cluster = await admin.describe_cluster()
    except (KafkaError, OSError, TimeoutError) as error:
        refused = (
            ", or refuses this client: check the TICKETS_KAFKA_ settings of protocol, user, "
            "password and certificates"
            if kafka_security.get("security_protocol", "PLAINTEXT") != "PLAINTEXT"
            else ""
        )
        raise Unavailable(
            f"{bootstrap_servers} accepts connections but gives no answer as Kafka "
            f"within {timeout_s:g} s{refused}"
        ) from error
    finally:
        await admin.close()
    if not cluster["brokers"]:
        raise Unavailable(f"{bootstrap_servers} answers, but its cluster has no live broker")
