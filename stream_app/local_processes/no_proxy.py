"""Keeps a child process from asking a proxy for the servers of this machine."""

from __future__ import annotations

import os

from stream_app.local_processes.ports import LOOPBACK


def without_proxy_here() -> dict[str, str]:
    """Variables for a child: the loopback address joins what this process asks no proxy for.

    Under both spellings, since the libraries disagree on which one counts.
    """
    excepted = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    # A star means every host only where it stands alone.
    value = "*" if excepted == "*" else ",".join(filter(None, (excepted, LOOPBACK, "localhost")))
    return {"no_proxy": value, "NO_PROXY": value}
