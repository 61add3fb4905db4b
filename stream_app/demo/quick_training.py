"""`tickets train --quick` as a child process: starts it, tells its progress, ends it.

A process of its own, because nothing in `stream_app` depends on `training`, and because it runs
while the broker starts.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from stream_app.broker.guarded_process import GuardedProcess
from stream_app.bundle import BundleError, list_bundles, read_bundle
from stream_app.errors import Unavailable, UserError

STARTER = "starter"
"""The name of the bundles that `tickets train` makes of the starter set."""


def kept_bundle(store: Path) -> Path | None:
    """The newest whole bundle of the starter set in `store`."""
    for folder in reversed(list_bundles(store)):
        try:
            if read_bundle(folder).manifest.name == STARTER:
                return folder
        except BundleError:
            continue
    return None


class QuickTraining:
    """A training on the starter set into `store`. Leaving its `with` block ends it.

    It ends with this process too, and its temporary files go with it.
    """

    def __init__(self, store: Path) -> None:
        """Start it. Raises `UserError` where there is no room for its temporary files."""
        self._started = time.monotonic()
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="tickets-demo-"))
            self._log = self._folder / "training.log"
            self._log.touch()
        except OSError as error:
            raise UserError(f"no room for the training's files: {error.strerror}") from error
        train = [sys.executable, "-m", "stream_app", "train"]
        options = ["--quick", "--name", STARTER, "--out", str(store), "--json"]
        self._process = GuardedProcess(
            [["env", f"TMPDIR={self._folder}", *train, *options]],
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

    def bundle(self) -> Path:
        """The finished bundle. Raises `Unavailable` with its own last line where it failed."""
        last = self.progress
        try:
            return Path(json.loads(last)["bundle"])
        except (ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"the training failed: {last.removeprefix('error: ')}") from error

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
