"""Brings the second model into service while the records flow: register, judge, promote.

Each step is a `tickets` command as a person would type it; this module owns their order alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stream_app.demo.child_command import ChildCommand
from stream_app.demo.models import SECOND, DemoModels
from stream_app.errors import UserError

LOOK_EVERY_S = 0.1

FIRST_REASON = "the first version: there is none to compare it with"


def install_first(
    bundle: Path, environment: Mapping[str, str], tell: Callable[[str], None]
) -> None:
    """Register `bundle` and make it the champion, before any worker runs.

    Raises `Unavailable` where a command fails.
    """

    async def install() -> None:
        tell("registering the first version")
        number = await _registered(bundle, environment)
        tell(f"making version {number} the champion")
        await _tickets("model", "promote", number, "--force", FIRST_REASON, environment=environment)

    asyncio.run(install())


async def promote_second(
    models: DemoModels, environment: Mapping[str, str], tell: Callable[[str], None]
) -> None:
    """Wait for the second model, register it and let it through the gate.

    `tell` hears of each step in one line, also of a failed one: the records flow on the first
    version then.
    """
    try:
        tell("a second model is on its way, of all the starter set where the first had few")
        while (bundle := models.bundle(SECOND)) is None:  # noqa: ASYNC110 - as a process ends
            await asyncio.sleep(LOOK_EVERY_S)
        tell("registering the second version")
        number = await _registered(bundle, environment)
        tell(f"version {number} at the gate: compared with the champion on the same rows")
        await _tickets("model", "promote", number, "--data", "starter", environment=environment)
        tell(f"version {number} passed the gate and is the champion: the worker takes it")
    except UserError as error:
        tell(f"no second version: {error.message}")


async def _registered(bundle: Path, environment: Mapping[str, str]) -> str:
    result = await _tickets("model", "register", str(bundle), environment=environment)
    return str(result["version"])


async def _tickets(*arguments: str, environment: Mapping[str, str]) -> dict[str, Any]:
    what = f"tickets {' '.join(arguments[:2])}"
    command = ChildCommand(what, "stream_app", *arguments, "--json", environment=environment)
    with command:
        await command.ended()
        return command.results()[-1]
