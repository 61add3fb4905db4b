"""What a running broker offers to the rest of the product; starts nothing itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

Kind = Literal["external", "docker", "java", "mock"]


class Broker(Protocol):
    """A broker that answers. Leaving its `with` block stops it."""

    kind: Kind
    bootstrap_servers: str
    """Comma-separated `host:port`, as Kafka clients take it."""
    description: str
    """One line for a person: what was taken, and why nothing earlier in the order was."""

    def stop(self) -> None:
        """Stop it and delete its temporary data. Idempotent; a no-op for an external broker."""

    def wait(self) -> str:
        """Block until the broker ends by itself and say why, as a clause.

        For ever where its end cannot be seen from here.
        """
        threading.Event().wait()
        raise AssertionError("nobody sets the event")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


@runtime_checkable
class RestartableBroker(Broker, Protocol):
    """A broker whose failures can be acted out: same port, same data before and after.

    `isinstance` tells it from the others; only the one on the local Java is one.
    """

    def start(self) -> None:
        """Start it again on its port and its data. A no-op while it runs.

        Raises `Unavailable` where it does not come up.
        """

    def kill(self) -> None:
        """End it as `kill -9` does: nothing is flushed, no client is told. Keeps the data."""

    def restart(self) -> None:
        """Shut it down in order, then start it again. Keeps the data.

        Raises `Unavailable` where it does not come up.
        """


@dataclass(frozen=True)
class Wishes:
    """What the caller of `find_broker` asked for, and what was passed over so far."""

    on_progress: Callable[[str], None]
    data_dir: Path | None
    port: int | None
    passed_over: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """The tail of a description: why no earlier choice was taken, or nothing."""
        return f" (taken because {', '.join(self.passed_over)})" if self.passed_over else ""


class NotHere(Exception):
    """This kind of broker cannot be had on this machine; the text says why, as a clause."""
