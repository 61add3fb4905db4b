"""Finds and checks TCP ports on the loopback address; holds none."""

from __future__ import annotations

import socket
import time

LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """`count` different ports that were free a moment ago."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    try:
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address now."""
    try:
        # create_server sets SO_REUSEADDR on POSIX: connections in TIME_WAIT do not count as taken.
        socket.create_server((LOOPBACK, port)).close()
    except OSError:
        return False
    return True


def becomes_free(port: int, within_s: float) -> bool:
    """Whether `port` is free now or becomes so within `within_s` seconds."""
    deadline = time.monotonic() + within_s
    while not is_free(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
