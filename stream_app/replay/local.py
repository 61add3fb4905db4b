"""A broker and workers of one's own for the time of a replay or a demo, all ended at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from stream_app.broker import find_broker
from stream_app.local_worker import LocalWorker


@contextmanager
def local_worker_on_broker(
    *, bundle: Path | None, on_progress: Callable[[str], None]
) -> Iterator[tuple[str, LocalWorker]]:
    """A broker found or started here and one worker on it: `(bootstrap servers, worker)`.

    Raises `Unavailable` where no broker can be had or the worker does not become ready.
    """
    with ExitStack() as stack:
        broker = stack.enter_context(find_broker(on_progress=on_progress))
        worker = stack.enter_context(
            # By its setting, which comes before what else the environment says of a cluster.
            LocalWorker(
                {"TICKETS_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}, bundle=bundle
            )
        )
        on_progress("starting a worker")
        worker.wait_until_ready()
        yield broker.bootstrap_servers, worker
