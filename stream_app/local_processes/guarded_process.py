"""The parent's end of `guard.py`: one guarded server process; knows nothing of Kafka."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stream_app.local_processes import guard

GUARD = Path(guard.__file__)
STOP_GRACE_S = 20.0


class GuardedProcess:
    """A server in a process group of its own that ends when this process does.

    `commands` run one after another; the last is the server. Their output is appended to `log`.
    `remove` is deleted once the server is stopped, also where this process was killed.
    `hold_open` is a file descriptor that stays open as long as the server runs: a lock taken on
    it lasts until then, also beyond the end of this process.
    """

    def __init__(
        self,
        commands: Sequence[Sequence[str]],
        *,
        log: Path,
        remove: Path | None = None,
        hold_open: int | None = None,
    ) -> None:
        order = {
            "commands": commands,
            "remove": str(remove) if remove else None,
            "grace_s": STOP_GRACE_S,
        }
        with log.open("ab") as output:
            # A session of its own keeps the terminal's Ctrl-C away from the server: it is this
            # process that decides when to stop it.
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), json.dumps(order)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=() if hold_open is None else (hold_open,),
            )

    @property
    def running(self) -> bool:
        """Whether the server, or a command before it, still runs."""
        return self._guard.poll() is None

    def stop(self, *, keep: bool) -> None:
        """Shut the server down in order and wait; delete `remove` unless `keep`. Idempotent."""
        stdin = self._guard.stdin
        if stdin is not None and not stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                if keep:
                    stdin.write(guard.KEEP)
                stdin.close()
        try:
            self._guard.wait(STOP_GRACE_S + 10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the guard and the server at once with SIGKILL. Idempotent; deletes nothing."""
        if self.running:
            os.killpg(self._guard.pid, signal.SIGKILL)
        self._guard.wait()
        if self._guard.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.close()

    def wait(self) -> None:
        """Block until the server ends by itself."""
        self._guard.wait()
