"""`tickets broker`: hold a broker in the foreground with the product's topics on it."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer

from stream_app.broker.contract import Broker, Kind
from stream_app.cli.output import JsonFlag, err, out, print_json


def broker(
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Port for clients; else a free one.")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            file_okay=False,
            help="Keep the data here; else they go when it stops.",
            metavar="DIR",
        ),
    ] = None,
    only: Annotated[Kind | None, typer.Option(help="Take this kind of broker or fail.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Find or start a Kafka broker, create the topics, print its address, and wait.

    Ctrl-C or SIGTERM stops it and all that it started.
    """
    from stream_app.broker import ensure_topics, find_broker
    from stream_app.errors import Unavailable
    from stream_app.kafka_client import aiokafka_options
    from stream_app.settings import load_settings
    from stream_app.topics import topic_specs

    settings = load_settings(config)
    security = aiokafka_options(settings.kafka)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with find_broker(
            on_progress=_tell, data_dir=data_dir, port=port, only=only, kafka_security=security
        ) as running:
            created = asyncio.run(
                ensure_topics(
                    running.bootstrap_servers,
                    topic_specs(settings.topics),
                    kafka_security=security if running.kind == "external" else {},
                )
            )
            _tell(f"topics created: {', '.join(created) or 'none, all were there'}")
            _announce(running, as_json=as_json)
            # Before its log goes with the rest of its data.
            reason = running.wait()
        raise Unavailable(f"the broker at {running.bootstrap_servers} ended by itself: {reason}")
    except KeyboardInterrupt:
        _tell("stopped")


def _announce(running: Broker, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "kind": running.kind,
                "bootstrap_servers": running.bootstrap_servers,
                "description": running.description,
            }
        )
    else:
        out.print(running.bootstrap_servers, soft_wrap=True)
        _tell("Ctrl-C stops it")


def _tell(line: str) -> None:
    # Square brackets in a path or a pip extra are text here, not markup.
    err.print(line, markup=False, soft_wrap=True)
