"""A TCP proxy in front of a server, which can break the connection where a test wants it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

CHUNK = 4_096


class Proxy:
    """Forwards to `port` on the loopback address.

    While `broken_on` is set, the answer to a request that holds these bytes is cut off after
    `PASSED_BYTES` and its connection is left open until `drop` closes it; `reached` says that
    this happened. `up` False refuses to answer anything.
    """

    PASSED_BYTES = 600

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: list[socket.socket] = []
        self.broken_on: bytes | None = None
        self.reached = threading.Event()
        self.up = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.uri = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def drop(self) -> None:
        """Close every connection."""
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._open.clear()

    def close(self) -> None:
        """Stop listening and drop everything."""
        self._listener.close()
        self.drop()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if not self.up:
                    client.close()
                    continue
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        left_open = False
        with suppress(OSError):
            left_open = self._forward_answers(client)
        # Without a server behind it too: a client is refused then, and not left to wait.
        if not left_open:
            client.close()

    def _forward_answers(self, client: socket.socket) -> bool:
        """Until the server ends it. True where the connection is to stay open, cut off."""
        with socket.create_connection(("127.0.0.1", self._to)) as server:
            self._open.append(server)
            broken = threading.Event()
            threading.Thread(
                target=self._forward_requests, args=(client, server, broken), daemon=True
            ).start()
            passed = 0
            while data := server.recv(CHUNK):
                if broken.is_set():
                    data = data[: max(0, self.PASSED_BYTES - passed)]
                    passed += len(data)
                client.sendall(data)
                if broken.is_set() and passed >= self.PASSED_BYTES:
                    self.reached.set()
                    return True
            return False

    def _forward_requests(
        self, client: socket.socket, server: socket.socket, broken: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := client.recv(CHUNK):
                if self.broken_on is not None and self.broken_on in data:
                    broken.set()
                server.sendall(data)
