"""The worker's end of the preparing process: starts it, calls it, replaces it when it died."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import TypeVar

from stream_app.bundle import BundleError
from stream_app.errors import Unavailable
from stream_app.hot_reload.calls import (
    ANSWERS,
    Answer,
    Call,
    Check,
    Done,
    Failed,
    Fetch,
    Fetched,
    OpenChallenger,
    Resolve,
    Resolved,
    Score,
    Scored,
    Setup,
)
from stream_app.registry.version import RegisteredVersion

RESOLVED_WITHIN_S = 60.0
"""Includes the start of the process, whose import of MLflow's client takes seconds, more on a
machine whose processors are busy with tickets."""

PREPARED_WITHIN_S = 600.0
"""A download over a slow line, or golden tickets in what is left of busy processors."""

SCORED_WITHIN_S = 60.0

_Expected = TypeVar("_Expected", Resolved, Fetched, Done, Scored)


class ProcessEnded(Unavailable):
    """The preparing process ended in the middle of a call."""


class ProcessCrashed(ProcessEnded):
    """It ended by what it did, and not because somebody killed it: the system for want of memory,
    or we for want of patience."""


class Preparing:
    """One preparing process at a time, started with the first call; calls wait for each other."""

    def __init__(self, setup: Setup, *, request_timeout_s: float) -> None:
        self._setup = setup
        self._environment = os.environ | {
            "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(1, round(request_timeout_s))),
            # The next look is the retry.
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        self._turn = asyncio.Lock()
        self._process: Process | None = None

    async def resolve(self, alias: str) -> RegisteredVersion | None:
        """The version that `alias` points at. Raises `Unavailable` without the registry."""
        return (await self._call(Resolve(alias=alias), Resolved, RESOLVED_WITHIN_S)).version

    async def fetch(self, version: RegisteredVersion) -> Path:
        """The folder of the version's bundle, every byte checked.

        Raises `BundleError` for a version that must not serve, `Unavailable` for a failure that
        may pass.
        """
        return (await self._call(Fetch(version=version), Fetched, PREPARED_WITHIN_S)).folder

    async def check(self, folder: Path) -> None:
        """Open the bundle and run its golden tickets, apart from the worker.

        Raises `BundleError` where it does not do what it should, or crashes the process, and
        `ProcessEnded` where the process was killed.
        """
        await self._try_out(Check(folder=folder))

    async def open_challenger(self, folder: Path) -> None:
        """Check the bundle and keep it for `score`. Raises as `check` does."""
        await self._try_out(OpenChallenger(folder=folder))

    async def score(self, texts: list[str]) -> Scored:
        """Classify with the challenger. Raises `Unavailable` where the process ended."""
        return await self._call(Score(texts=texts), Scored, SCORED_WITHIN_S)

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _try_out(self, call: Check | OpenChallenger) -> None:
        try:
            await self._call(call, Done, PREPARED_WITHIN_S)
        except ProcessCrashed as error:
            raise BundleError(f"bundle {call.folder}: trying it out failed: {error}") from error

    async def _call(self, call: Call, expected: type[_Expected], within_s: float) -> _Expected:
        async with self._turn:
            try:
                async with asyncio.timeout(within_s):
                    answer = await self._exchange(call)
            except TimeoutError as error:
                await self.close()
                raise ProcessEnded(f"no end of `{call.call}` in {within_s:g} s") from error
            except BaseException:
                # An answer that is still to come would be taken for that of the next call.
                await self.close()
                raise
        if isinstance(answer, Failed):
            kind = BundleError if answer.blame == "bundle" else Unavailable
            raise kind(answer.message)
        if not isinstance(answer, expected):
            raise TypeError(f"`{call.call}` was answered with `{answer.answer}`")
        return answer

    async def _exchange(self, call: Call) -> Answer:
        if self._process is not None and self._process.returncode is not None:
            # It ended between two calls, which is no fault of the bundle that comes next.
            self._process = None
        process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the preparing process was started without pipes")
        with contextlib.suppress(ConnectionError):
            process.stdin.write(_line(call))
            await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            code = await process.wait()
            if code == -signal.SIGKILL:
                raise ProcessEnded("the preparing process was killed")
            raise ProcessCrashed(f"the preparing process ended with exit code {code}")
        return ANSWERS.validate_json(line)

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "stream_app.hot_reload.preparing_process",
            stdin=PIPE,
            stdout=PIPE,
            env=self._environment,
        )
        if self._process.stdin is not None:
            self._process.stdin.write(_line(self._setup))
        return self._process


def _line(call: Call) -> bytes:
    return call.model_dump_json().encode() + b"\n"
