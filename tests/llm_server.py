"""A local server that answers like the chat completions API, well or in any broken way.

Real sockets and real HTTP, so that a client library cannot tell the difference. It remembers what
it was sent. As a context manager it serves from threads of this process; run as a module it is a
process of its own, for measurements that its work must not disturb:

    python -m tests.llm_server --port 8900 --after 0.3
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        return cast("dict[str, Any]", json.loads(self.body))

    def message(self, role: str) -> str:
        """The content of the one message of `role`."""
        [content] = [m["content"] for m in self.json["messages"] if m["role"] == role]
        return str(content)

    @property
    def fields(self) -> list[str]:
        """Names of the answers that were asked for."""
        return list(self.json["response_format"]["json_schema"]["schema"]["required"])


class Exchange(BaseHTTPRequestHandler):
    """One connection; a reply writes to it through `send` or `connection`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Sockets

    def handle(self) -> None:
        """Serve the connection until one side closes it, as clients do in most broken replies."""
        with contextlib.suppress(OSError):
            super().handle()

    def do_POST(self) -> None:
        """Remember the request and give the next reply."""
        length = int(self.headers.get("Content-Length", 0))
        received = Received(self.path, dict(self.headers), self.rfile.read(length))
        self.server.owner.take(received)(self, received)

    def send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Send a whole response."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def wait(self, seconds: float) -> None:
        """Wait, but not past the server's end."""
        self.server.owner.closing.wait(seconds)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: the test's output is for the test."""


class _Sockets(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: LlmServer


Reply = Callable[[Exchange, Received], None]

USAGE = {"prompt_tokens": 600, "completion_tokens": 20, "total_tokens": 620}

ANSWERS = {"urgency": "not_urgent", "toxicity": "none", "label": "fits"}


class LlmServer:
    """Gives the replies of `script` in turn, then `default` for ever."""

    def __init__(
        self, default: Reply | None = None, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.default = default or answer()
        self.script: deque[Reply] = deque()
        self.received: list[Received] = []
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._sockets = _Sockets(("127.0.0.1", port), Exchange)
        self._sockets.owner = self
        self._scheme = "http"
        if tls is not None:
            self._scheme = "https"
            # Shake hands in the connection's thread, not in the one that accepts.
            self._sockets.socket = tls.wrap_socket(
                self._sockets.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def base_url(self) -> str:
        """What a client's `base_url` must be."""
        return f"{self._scheme}://127.0.0.1:{self._sockets.server_port}/v1"

    def take(self, received: Received) -> Reply:
        """The reply to `received`, which is remembered."""
        with self._lock:
            self.received.append(received)
            return self.script.popleft() if self.script else self.default

    def serve(self) -> None:
        """Serve until closed."""
        self._sockets.serve_forever(poll_interval=0.05)

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._sockets.shutdown()
        self._sockets.server_close()


def completion(content: str | None, **message: object) -> dict[str, Any]:
    """The body of an answer that says `content`."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "test-model",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": content, "refusal": None} | message,
            }
        ],
        "usage": USAGE,
    }


def body(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """`content` as JSON, or as it is where it is bytes."""
    encoded = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda exchange, _: exchange.send(status, encoded, headers)


def says(content: str | None, **message: object) -> Reply:
    """An answer whose content is `content`."""
    return body(completion(content, **message))


def answer(after_s: float = 0.0, **answers: str) -> Reply:
    """A right answer to what was asked, `answers` where the test cares."""

    def reply(exchange: Exchange, received: Received) -> None:
        exchange.wait(after_s)
        chosen = {name: (ANSWERS | answers)[name] for name in received.fields}
        exchange.send(200, json.dumps(completion(json.dumps(chosen))).encode())

    return reply


def error(status: int, **headers: str) -> Reply:
    """An error as the API words it; `retry_after="2"` becomes the header `retry-after`."""
    content = {"error": {"message": "no", "type": "test", "code": None}}
    return body(content, status, {name.replace("_", "-"): text for name, text in headers.items()})


def hang() -> Reply:
    """Takes the request and says nothing."""
    return lambda exchange, _: exchange.wait(60.0)


def held(gate: threading.Event) -> Reply:
    """A right answer once `gate` is set."""

    def reply(exchange: Exchange, received: Received) -> None:
        gate.wait()
        answer()(exchange, received)

    return reply


def reset(after_bytes: int = 0) -> Reply:
    """Resets the connection, in the middle of the answer where `after_bytes` is not 0."""

    def reply(exchange: Exchange, _: Received) -> None:
        if after_bytes:
            exchange.wfile.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"{" * after_bytes
            )
            exchange.wfile.flush()
        # Linger for no time: the kernel then answers with RST instead of FIN.
        exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        exchange.connection.close()
        exchange.close_connection = True

    return reply


def raw(content: bytes) -> Reply:
    """`content` in the place of a whole response."""

    def reply(exchange: Exchange, _: Received) -> None:
        exchange.wfile.write(content)
        exchange.close_connection = True

    return reply


def drip(every_s: float = 0.05) -> Reply:
    """A right answer, one byte at a time."""

    def reply(exchange: Exchange, received: Received) -> None:
        chosen = {name: ANSWERS[name] for name in received.fields}
        content = json.dumps(completion(json.dumps(chosen))).encode()
        exchange.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n".encode())
        for place in range(len(content)):
            exchange.wfile.write(content[place : place + 1])
            exchange.wfile.flush()
            exchange.wait(every_s)

    return reply


def huge(size: int, status: int = 200) -> Reply:
    """A body of `size` bytes that is one long JSON text."""

    def reply(exchange: Exchange, _: Received) -> None:
        exchange.send_response(status)
        exchange.send_header("Content-Length", str(size))
        exchange.end_headers()
        exchange.wfile.write(b'"')
        for _chunk in range(size // 65_536):
            exchange.wfile.write(b"a" * 65_536)
        exchange.wfile.write(b"a" * (size % 65_536 - 2) + b'"')

    return reply


def quoting() -> Reply:
    """An answer that quotes everything it was sent before it comes to the point."""

    def reply(exchange: Exchange, received: Received) -> None:
        quoted = "\n".join(message["content"] for message in received.json["messages"])
        exchange.send(200, json.dumps(completion(quoted + json.dumps(ANSWERS))).encode())

    return reply


def _main() -> None:
    parser = argparse.ArgumentParser(description="Answers like the chat completions API.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--after", type=float, default=0.0, help="seconds before each answer")
    arguments = parser.parse_args()
    server = LlmServer(answer(after_s=arguments.after), arguments.port)
    print(server.base_url, flush=True)  # noqa: T201
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    _main()
