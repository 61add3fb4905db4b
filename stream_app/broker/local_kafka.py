"""Apache Kafka itself, in KRaft mode on the local Java: owns its process, port and data folder."""

from __future__ import annotations

import base64
import fcntl
import os
import re
import shutil
import tempfile
import time
import uuid
from pathlib import Path

from stream_app.broker.contract import Broker, Kind, RestartableBroker, Wishes
from stream_app.broker.java_runtime import JavaRuntime, find_java
from stream_app.broker.kafka_jars import kafka_jars, kafka_version
from stream_app.broker.probe import check_answers
from stream_app.broker.server_properties import server_properties
from stream_app.errors import Unavailable, UserError
from stream_app.local_processes.guarded_process import GuardedProcess
from stream_app.local_processes.ports import LOOPBACK, becomes_free, free_ports, is_free

START_WITHIN_S = 90.0
LAST_OF_LOG_BYTES = 64 * 1024
JVM_OPTIONS = (
    "-Xmx384m",
    "-XX:+UseSerialGC",
    # The first compiler only: half the start-up time, and a small broker never gets hot enough
    # to earn the second one's work back.
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
)


def start_local_kafka(wishes: Wishes) -> Broker:
    """Start Kafka on the local Java and return it when it answers.

    Raises `NotHere` without Java 17 or the jars, `UserError` where the port is taken, and
    `Unavailable` where Kafka does not come up, quoting its log.
    """
    java = find_java()
    jars = kafka_jars(wishes.on_progress)
    if wishes.port is not None and not is_free(wishes.port):
        raise UserError(
            f"port {wishes.port} on {LOOPBACK} is taken: "
            "stop what listens there or choose another port"
        )
    broker = JavaBroker(java, jars, port=wishes.port, data_dir=wishes.data_dir, why=wishes.why)
    try:
        wishes.on_progress(f"starting Apache Kafka {kafka_version()} on Java {java.major}")
        broker.start()
    except BaseException:
        broker.stop()
        raise
    return broker


class JavaBroker(RestartableBroker):
    """One Kafka node. Its data folder holds `server.properties`, `kafka.log` and `data/`."""

    kind: Kind = "java"

    def __init__(
        self, java: JavaRuntime, jars: Path, *, port: int | None, data_dir: Path | None, why: str
    ) -> None:
        free = free_ports(2)
        self._port = free[0] if port is None else port
        self._controller_port = free[1] if free[1] != self._port else free[0]
        self._temporary = data_dir is None
        self._folder = (
            Path(tempfile.mkdtemp(prefix="ticket-stream-kafka-"))
            if data_dir is None
            else data_dir.absolute()
        )
        self._java = [str(java.executable), *JVM_OPTIONS, "-cp", f"{jars}/*"]
        self._process: GuardedProcess | None = None
        self._log_before = 0
        self.bootstrap_servers = f"{LOOPBACK}:{self._port}"
        self.description = (
            f"Apache Kafka {kafka_version()} on local Java {java.major} (KRaft), "
            f"data in {self._folder}{' until it stops' if self._temporary else ''}{why}"
        )

    def start(self) -> None:
        """Start on the same port and data; see `RestartableBroker.start`."""
        if self._process is not None and self._process.running:
            return
        for port in (self._port, self._controller_port):
            # After a kill the old process may hold the port for a moment longer.
            if not becomes_free(port, within_s=5):
                raise Unavailable(f"port {port} on {LOOPBACK} is taken: Kafka cannot start again")
        log_dir = self._folder / "data"
        try:
            log_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"data folder {self._folder} cannot be made ({error.strerror}): choose another one"
            ) from error
        with (self._folder / "in-use.lock").open("w") as lock:
            # Kafka's own lock comes too late: by then a second node has written to the log of the
            # quorum, and either node can come up or fail with records of the other.
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(
                    f"data folder {self._folder} is in use by another broker: "
                    "stop that one or choose another folder"
                ) from error
            self._log_before = self._log.stat().st_size if self._log.exists() else 0
            self._process = self._launch(log_dir, lock.fileno())
        self._wait_until_it_answers(self._process)

    def stop(self) -> None:
        """Shut down in order; deletes the data folder where it is a temporary one."""
        if self._process is not None:
            self._process.stop(keep=False)
        if self._temporary:
            shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL to the server; see `RestartableBroker.kill`."""
        if self._process is not None:
            self._process.kill()

    def restart(self) -> None:
        """An orderly shutdown and a new start; see `RestartableBroker.restart`."""
        if self._process is not None:
            self._process.stop(keep=True)
        self.start()

    def wait(self) -> str:
        """Block until the server ends by itself; its log says best why."""
        if self._process is not None:
            self._process.wait()
        return self._telling_line()

    @property
    def _log(self) -> Path:
        return self._folder / "kafka.log"

    def _launch(self, log_dir: Path, lock: int) -> GuardedProcess:
        properties = self._folder / "server.properties"
        properties.write_text(
            server_properties(
                port=self._port, controller_port=self._controller_port, log_dir=log_dir
            ),
            encoding="utf-8",
        )
        return GuardedProcess(
            self._commands(properties, log_dir),
            log=self._log,
            remove=self._folder if self._temporary else None,
            hold_open=lock,
        )

    def _commands(self, properties: Path, log_dir: Path) -> list[list[str]]:
        serve = [*self._java, "kafka.Kafka", str(properties)]
        if (log_dir / "meta.properties").exists():
            return [serve]
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        format_storage = [
            *(*self._java, "kafka.tools.StorageTool", "format"),
            # Joined by "=": an id may begin with a dash.
            f"--cluster-id={cluster_id}",
            *("--config", str(properties)),
        ]
        return [format_storage, serve]

    def _wait_until_it_answers(self, process: GuardedProcess) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            if not process.running:
                raise Unavailable(f"Apache Kafka ended while starting: {self._telling_line()}")
            try:
                check_answers(self.bootstrap_servers, timeout_s=2)
            except Unavailable as error:
                if time.monotonic() > deadline:
                    process.stop(keep=True)
                    raise Unavailable(
                        f"Apache Kafka did not answer within {START_WITHIN_S:g} s: "
                        f"{self._telling_line()}"
                    ) from error
                time.sleep(0.1)
            else:
                return

    def _telling_line(self) -> str:
        try:
            with self._log.open("rb") as log:
                # Of this start, and of a long life only the end.
                log.seek(max(self._log_before, log.seek(0, os.SEEK_END) - LAST_OF_LOG_BYTES))
                return telling_line(log.read().decode("utf-8", errors="replace"))
        except FileNotFoundError:
            return "its log is gone"


def telling_line(log: str) -> str:
    """The line of a Java server's log that says best why it ended.

    That is the last cause of an exception, else the last exception, else the last error, else
    the last line.
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for pattern in (r"^Caused by: ", r"^[\w.$]+(Exception|Error)\b", r"\b(ERROR|FATAL)\b"):
        telling = [line for line in lines if re.search(pattern, line)]
        if telling:
            return telling[-1]
    return lines[-1] if lines else "its log is empty"
