"""Brings the second model into service while the records flow: train, register, promote.

Each step is a `tickets` command as a person would type it; this module owns their order alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stream_app.demo.tickets_command import TicketsCommand
from stream_app.errors import UserError

FIRST_REASON = "the first version: there is none to compare it with"


def install_first(
    bundle: Path, environment: Mapping[str, str], tell: Callable[[str], None]
) -> None:
    """Register `bundle` and make it the champion, before any worker runs.

    Raises `Unavailable` where a command fails.
    """

    async def install() -> None:
        tell("registering the first version")
        number = (await _run("model", "register", str(bundle), environment=environment))["version"]
        tell(f"making version {number} the champion")
        await _run(
            "model", "promote", str(number), "--force", FIRST_REASON, environment=environment
        )

    asyncio.run(install())


async def promote_second(
    training: TicketsCommand | Path, environment: Mapping[str, str], tell: Callable[[str], None]
) -> None:
    """Wait for the second model, register it and let it through the gate.

    `tell` hears of each step in one line, also of a failed one: the records flow on the first
    version then.
    """
    try:
        bundle = training if isinstance(training, Path) else await _trained(training, tell)
        tell("registering the second version")
        number = (await _run("model", "register", str(bundle), environment=environment))["version"]
        tell(f"version {number} at the gate: compared with the champion on the same rows")
        await _run("model", "promote", str(number), "--data", "starter", environment=environment)
        tell(f"version {number} passed the gate and is the champion: the worker takes it")
    except UserError as error:
        tell(f"no second version: {error.message}")


async def _trained(training: TicketsCommand, tell: Callable[[str], None]) -> Path:
    tell("training a second model, on all of the starter set where the first had half")
    await training.ended()
    return Path(training.result()["bundle"])


async def _run(*arguments: str, environment: Mapping[str, str]) -> dict[str, Any]:
    with TicketsCommand(*arguments, environment=environment) as command:
        await command.ended()
        return command.result()
