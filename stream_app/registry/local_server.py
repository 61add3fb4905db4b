"""An MLflow server on this machine: owns its process, port and data folder, and no model."""

from __future__ import annotations

import fcntl
import http.client
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

from stream_app.errors import Unavailable, UserError
from stream_app.local_processes.guarded_process import GuardedProcess
from stream_app.local_processes.ports import LOOPBACK, becomes_free, free_ports, is_free

START_WITHIN_S = 300.0
"""The first start on a folder lays out the database, which takes most of it on a busy machine."""

END_OPEN_REQUESTS_S = 5
"""How long a stopping server waits for uploads and downloads under way. Below the grace time of
`GuardedProcess`, after which the server's own child would be left behind."""

_ENVIRONMENT = (
    # Runs jobs for traces and LLM judges in further processes; nothing here uses them.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false",
    "MLFLOW_DISABLE_TELEMETRY=true",
)


def start_local_registry(
    *,
    folder: Path | None = None,
    port: int | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> LocalRegistry:
    """Start MLflow's server on the loopback address and return it when it answers.

    The database and the artifacts live in `folder`, or in a temporary one that goes when the
    server stops. Without `port` a free one is taken. `on_progress` hears one line.

    Raises `Unavailable` where the full MLflow is not installed or does not come up, and
    `UserError` where the port or the folder is taken.
    """
    registry = local_registry(folder=folder, port=port)
    try:
        on_progress(f"starting MLflow {version('mlflow')} on SQLite in {registry.folder}")
        registry.start()
    except BaseException:
        registry.stop()
        raise
    return registry


def local_registry(*, folder: Path | None = None, port: int | None = None) -> LocalRegistry:
    """The server, not started. Raises as `start_local_registry` does."""
    _check_mlflow()
    if port is not None and not is_free(port):
        raise UserError(
            f"port {port} on {LOOPBACK} is taken: stop what listens there or choose another port"
        )
    return LocalRegistry(folder=folder, port=free_ports(1)[0] if port is None else port)


class LocalRegistry:
    """One MLflow server. Its folder holds `mlflow.db`, `artifacts/` and `mlflow.log`.

    A context manager that stops the server. It also ends when this process does.
    """

    def __init__(self, *, folder: Path | None, port: int) -> None:
        self._port = port
        self._temporary = folder is None
        self.folder = (
            Path(tempfile.mkdtemp(prefix="ticket-stream-mlflow-"))
            if folder is None
            else folder.absolute()
        )
        self.uri = f"http://{LOOPBACK}:{port}"
        self._process: GuardedProcess | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start on the same port and data; returns when the server answers.

        Does nothing while it runs. Raises as `start_local_registry` does.
        """
        if self._process is not None and self._process.running:
            return
        # After a kill the old process may hold the port for a moment longer.
        if not becomes_free(self._port, within_s=5):
            raise Unavailable(f"port {self._port} on {LOOPBACK} is taken: MLflow cannot start")
        try:
            (self.folder / "artifacts").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"data folder {self.folder} cannot be made ({error.strerror}): choose another one"
            ) from error
        with (self.folder / "in-use.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(
                    f"data folder {self.folder} is in use by another MLflow server: "
                    "stop that one or choose another folder"
                ) from error
            log_before = self._log.stat().st_size if self._log.exists() else 0
            self._process = GuardedProcess(
                [self._command()],
                log=self._log,
                remove=self.folder if self._temporary else None,
                hold_open=lock.fileno(),
            )
        self._wait_until_it_answers(self._process, log_before)

    def stop(self) -> None:
        """Shut down in order; deletes the folder where it is a temporary one. Idempotent.

        From another thread it ends a `start` that is waiting for the server.
        """
        if self._process is not None:
            self._process.stop(keep=False)
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL to the server at once, keeping its data; `start` brings it back."""
        if self._process is not None:
            self._process.kill()

    def wait(self) -> None:
        """Block until the server ends by itself."""
        if self._process is not None:
            self._process.wait()

    @property
    def _log(self) -> Path:
        return self.folder / "mlflow.log"

    def _command(self) -> list[str]:
        return [
            *("env", *_ENVIRONMENT),
            *(sys.executable, "-m", "mlflow", "server"),
            *("--host", LOOPBACK, "--port", str(self._port)),
            *("--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"),
            # Clients send and fetch artifacts through the server and need no access to the folder.
            *("--serve-artifacts", "--artifacts-destination", str(self.folder / "artifacts")),
            # Above one, uvicorn starts a supervisor with a process for each worker under it.
            *("--workers", "1"),
            *("--uvicorn-opts", f"--timeout-graceful-shutdown {END_OPEN_REQUESTS_S}"),
        ]

    def _wait_until_it_answers(self, process: GuardedProcess, log_before: int) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while not self._healthy():
            if not process.running:
                raise Unavailable(f"MLflow ended while starting: {self._last_line(log_before)}")
            if time.monotonic() > deadline:
                process.stop(keep=True)
                raise Unavailable(
                    f"MLflow did not answer within {START_WITHIN_S:g} s: "
                    f"{self._last_line(log_before)}"
                )
            time.sleep(0.1)

    def _healthy(self) -> bool:
        # A plain connection, because urllib would send the request to a configured proxy.
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=2)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_line(self, log_before: int) -> str:
        with self._log.open("rb") as log:
            log.seek(log_before)
            lines = log.read().decode("utf-8", errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")


def _check_mlflow() -> None:
    try:
        # The client alone (mlflow-skinny) has the same import name and no server.
        version("mlflow")
    except PackageNotFoundError as error:
        raise Unavailable(
            "the MLflow server is not installed: "
            "pip install '.[training]' in a checkout of ticket-stream"
        ) from error
