"""Takes the broker that `KAFKA_BOOTSTRAP_SERVERS` names; never starts or stops one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from stream_app.broker.contract import Broker, Kind, NotHere, Wishes
from stream_app.broker.probe import check_answers
from stream_app.errors import UserError

VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"
ANSWER_WITHIN_S = 5.0


class ExternalBroker(Broker):
    """Somebody else's broker: looked at, left running."""

    kind: Kind = "external"

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.description = f"the Kafka that {VARIABLE} names"

    def stop(self) -> None:
        """Does nothing: whoever started that broker stops it."""


def use_external(wishes: Wishes, kafka_security: Mapping[str, Any]) -> Broker:
    """The broker named in the environment, once it has answered.

    Raises `NotHere` where none is named, `Unavailable` where it does not answer, and `UserError`
    where that is no address, or where a port or a data folder was asked for, which only a broker
    started here can have.
    """
    servers = os.environ.get(VARIABLE, "").strip()
    if not servers:
        raise NotHere(f"{VARIABLE} is not set")
    if wishes.port is not None or wishes.data_dir is not None:
        raise UserError(
            f"{VARIABLE} is set to {servers}: a port and a data folder apply only to a broker "
            "started here; leave them out or unset the variable"
        )
    wishes.on_progress(f"asking {servers} ({VARIABLE})")
    try:
        check_answers(servers, timeout_s=ANSWER_WITHIN_S, kafka_security=kafka_security)
    except UserError as error:
        raise type(error)(f"{VARIABLE}: {error.message}; unset it to have another one") from error
    return ExternalBroker(servers)
