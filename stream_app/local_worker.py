"""A worker as a child process of this one: starts it, knows when it is ready, ends it.

Owns the process. Used where one command shows the whole job (demo, local replay) and by tests.
"""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from stream_app.errors import Unavailable
from stream_app.local_processes import tied
from stream_app.local_processes.no_proxy import without_proxy_here
from stream_app.local_processes.ports import LOOPBACK

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 30.0
_READY_LINE = re.compile(r"probes on http://[^:]+:(\d+)")


class LocalWorker:
    """`tickets worker` in a process of its own, its log in a temporary file.

    It does not outlive this process, however this one ends.
    """

    def __init__(self, environment: Mapping[str, str], *, bundle: Path | None = None) -> None:
        """Start it. `environment` is added to this process's own; a free probe port is taken.

        With `bundle` it serves that and follows no registry.
        """
        command = [sys.executable, "-m", tied.__name__, "stream_app", "worker"]
        if bundle is not None:
            command += ["--bundle", str(bundle)]
        # Kept open for the life of the process and deleted by the system afterwards.
        self._log = tempfile.TemporaryFile(mode="w+b")  # noqa: SIM115
        self.process = subprocess.Popen(
            command,
            env={
                **os.environ,
                **without_proxy_here(),
                "TICKETS_WORKER_PROBE_PORT": "0",
                "COLUMNS": "400",
                **environment,
            },
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,
            # Ctrl-C at a terminal reaches the whole group; the parent decides when this one ends.
            start_new_session=True,
        )

    def wait_until_ready(self) -> int:
        """Wait until /readyz says so and return the probe port.

        Raises `Unavailable` with the worker's own last line where it ends or takes too long.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Unavailable(f"the worker ended at start: {self._last_line()}")
            port = self.probe_port()
            if port is not None and _is_ready(port):
                return port
            time.sleep(0.05)
        raise Unavailable(f"the worker was not ready in {START_TIMEOUT_S:.0f} s")

    def probe_port(self) -> int | None:
        """The port in the worker's ready line; None while it has not printed it."""
        found = _READY_LINE.search(self.log_text())
        return int(found.group(1)) if found else None

    def metrics(self) -> str:
        """What /metrics says now, in Prometheus' text format.

        Raises `Unavailable` with the worker's own last line where it has ended or is not ready.
        """
        if self.process.poll() is not None:
            raise Unavailable(f"the worker has ended: {self._last_line()}")
        port = self.probe_port()
        if port is None:
            raise Unavailable(f"the worker is not ready yet: {self._last_line()}")
        _, text = _get(port, "/metrics")
        return text.decode()

    def log_text(self) -> str:
        """Everything the worker has printed so far."""
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode(
            errors="replace"
        )

    def terminate(self) -> int:
        """SIGTERM, then wait for the end and return the exit code; SIGKILL where it hangs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_TIMEOUT_S)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL: nothing is acked, committed or told to the consumer group.

        To the whole process group, also of a worker that has ended: the process that prepares
        models for it notices that only when it next reads, after seconds of imports at worst.
        """
        # macOS denies it for a group of which only ended processes are left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.stdin is not None:
            self.process.stdin.close()
        return self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.terminate()
        else:
            self.kill()

    def _last_line(self) -> str:
        lines = [line.strip() for line in self.log_text().splitlines() if line.strip()]
        return lines[-1].removeprefix("error: ") if lines else "it printed nothing"


def _is_ready(port: int) -> bool:
    try:
        status, _ = _get(port, "/readyz", timeout_s=2)
    except (OSError, http.client.HTTPException):
        return False
    return status == http.HTTPStatus.OK


def _get(port: int, path: str, *, timeout_s: float | None = None) -> tuple[int, bytes]:
    # A plain connection, because urllib would send the request to a configured proxy.
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()
