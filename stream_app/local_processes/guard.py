"""Runs a server on behalf of a parent and never lets it outlive that parent. Run as a program.

The parent holds the write end of this program's standard input. However the parent goes, also by
`kill -9`, the operating system closes that pipe, and the end of file is the order to stop the
server. A watch of this kind works on every POSIX system and does not care which thread of the
parent started it, as `PR_SET_PDEATHSIG` alone would: that signal is sent when the *thread* ends.
The signal is used one step further down, where it is safe because this program has one thread:
on Linux the server also dies when this program is killed.

Only the standard library is imported, so that the start takes milliseconds.

Usage: `guard.py JSON` with
    commands: argument lists, run one after another until one fails; the last is the server
    remove: a folder to delete once stopped, or null
    grace_s: seconds between SIGTERM and SIGKILL

Standard input takes `keep` to stop the server and leave the folder.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys

KEEP = b"keep"
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> int:
    """Run the commands; the exit code is that of the one that ended by itself, else 0."""
    order = json.loads(sys.argv[1])
    child_ended = _wake_on_child_exit()
    for command in order["commands"]:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            preexec_fn=functools.partial(_die_with_guard, os.getpid()),
        )
        while child.poll() is None:
            readable, _, _ = select.select([sys.stdin.fileno(), child_ended], [], [])
            if child_ended in readable:
                os.read(child_ended, 1024)
            if sys.stdin.fileno() in readable:
                last_word = os.read(sys.stdin.fileno(), 1024)
                _end(child, order["grace_s"])
                if last_word != KEEP and order["remove"]:
                    shutil.rmtree(order["remove"], ignore_errors=True)
                return 0
        if child.returncode != 0:
            return abs(int(child.returncode))
    return 0


def _wake_on_child_exit() -> int:
    """A file descriptor that becomes readable when a child ends."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    # Without a handler of its own the signal is ignored and the descriptor stays silent.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writable)
    return readable


def _die_with_guard(guard_pid: int) -> None:
    """In the child, before it becomes the server: die when the guard does (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard_pid:  # the guard went before the request was in place
            os._exit(1)


def _end(child: subprocess.Popen[bytes], grace_s: float) -> None:
    child.terminate()
    try:
        child.wait(grace_s)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


if __name__ == "__main__":
    sys.exit(main())
