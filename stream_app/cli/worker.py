"""`tickets worker`: run the worker in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from stream_app.cli.output import err, out


def worker(
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file (TOML).", metavar="FILE")
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", help="Serve this model and follow no registry.", metavar="DIR"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check settings, rules, policy and model; then exit.")
    ] = False,
) -> None:
    """Consume raw tickets, decide each one, and route it to its queue.

    Stops on SIGTERM or Ctrl-C after what is in flight is acked. Settings come from the
    environment (TICKETS_...) and --config.
    """
    import uvloop

    from stream_app.broker.probe import parse_addresses
    from stream_app.cli.logs import set_up_logging
    from stream_app.kafka_client import bootstrap_servers
    from stream_app.settings import load_settings
    from stream_app.worker.run import check_worker, run_worker

    overrides: dict[str, dict[str, Any]] = {}
    if bundle is not None:
        overrides = {"inference": {"bundle": bundle}, "registry": {"tracking_uri": ""}}
    settings = load_settings(config, **overrides)
    set_up_logging(settings.worker.log_level)
    parse_addresses(bootstrap_servers(settings.kafka))
    if check:
        # A bundle's name, a host or a group may hold brackets: none of it is markup.
        out.print(check_worker(settings), soft_wrap=True, markup=False)
        return

    def say_ready(line: str) -> None:
        err.print(line, soft_wrap=True, markup=False)

    uvloop.run(run_worker(settings, on_ready=say_ready))
