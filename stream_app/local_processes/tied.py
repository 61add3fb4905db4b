"""Runs a Python module in this process, no longer than its parent lives. Run as a program.

For a child whose pid, signals and exit code its parent needs, which `guard.py` would hide behind
its own. The parent holds the write end of standard input. However the parent goes, also by
`kill -9` or by a Ctrl-C before it knew of its child, the operating system closes that pipe, and
the end of file kills this process and everything it has started.

Usage: `tied.py MODULE ARGUMENT...`, in a session of its own.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Become the module; how it ends is how this process ends."""
    threading.Thread(target=_die_with_parent, name="die-with-parent", daemon=True).start()
    module = sys.argv[1]
    del sys.argv[1]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _die_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    # By its own pid, which is that of the group only in a session of its own: elsewhere this
    # would reach processes that it did not start.
    os.killpg(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
