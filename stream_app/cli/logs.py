"""Where log lines go: to stderr, ours only."""

from __future__ import annotations

import logging

from rich.logging import RichHandler

from stream_app.cli.output import err


def set_up_logging(level: str) -> None:
    """Log to stderr at `level`; client libraries not at all.

    aiokafka and Faust build a debug record for every message they move, which costs a tenth of
    a worker's time even where nothing is printed. aiokafka repeats a lost connection dozens of
    times a second; what comes of it is an error of the call that needed the connection.
    """
    logging.basicConfig(
        level=level.upper(),
        format="%(message)s",
        datefmt="%H:%M:%S",
        handlers=[RichHandler(console=err, show_path=False, markup=False, rich_tracebacks=False)],
        force=True,
    )
    for library in ("aiokafka", "faust", "mode", "kafka", "testcontainers", "urllib3", "asyncio"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
