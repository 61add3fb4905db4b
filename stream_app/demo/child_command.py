"""A command as a child process: starts it, tells its progress, gives its results, ends it.

A process of its own, because nothing in `stream_app` depends on `training`, and because it runs
while something else starts.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from stream_app.errors import Unavailable, UserError
from stream_app.local_processes.guarded_process import GuardedProcess
from stream_app.local_processes.no_proxy import without_proxy_here

LOOK_EVERY_S = 0.1


class ChildCommand:
    """A Python module with arguments, which prints JSON objects. Leaving its `with` block ends it.

    It ends with this process too, and its temporary files go with it.
    """

    def __init__(
        self, what: str, module: str, *arguments: str, environment: Mapping[str, str]
    ) -> None:
        """Start it, `environment` added to this process's own; `what` names it in errors.

        Raises `UserError` where there is no room for its temporary files.
        """
        self._started = time.monotonic()
        self._what = what
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="tickets-demo-"))
            self._log = self._folder / "command.log"
            self._log.touch()
        except OSError as error:
            raise UserError(f"no room for a command's files: {error.strerror}") from error
        added = {**without_proxy_here(), **environment}
        variables = [f"{name}={value}" for name, value in added.items()]
        command = [sys.executable, "-m", module, *arguments]
        self._process = GuardedProcess(
            [["env", f"TMPDIR={self._folder}", *variables, *command]],
            log=self._log,
            remove=self._folder,
        )

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self._process.running

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self._started

    @property
    def progress(self) -> str:
        """What it said last."""
        lines = self._lines()
        return lines[-1] if lines else "starting"

    async def ended(self) -> None:
        """Return once it has ended."""
        while self.running:  # noqa: ASYNC110 - a process tells its end to nobody here
            await asyncio.sleep(LOOK_EVERY_S)

    def results(self) -> list[dict[str, Any]]:
        """The JSON objects that it has printed so far, one a line.

        Raises `Unavailable` with its own last line where it has ended and that is none.
        """
        # Asked before the lines are read: what it prints at its end is among them then.
        ended = not self.running
        lines = self._lines()
        results = [_json_object(line) for line in lines]
        if ended and (not results or results[-1] is None):
            last = lines[-1].removeprefix("error: ") if lines else "it printed nothing"
            raise Unavailable(f"{self._what} failed: {last}")
        return [result for result in results if result is not None]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.stop(keep=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _lines(self) -> list[str]:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return [line.strip() for line in text.splitlines() if line.strip()]


def _json_object(line: str) -> dict[str, Any] | None:
    try:
        parsed = json.loads(line)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None
