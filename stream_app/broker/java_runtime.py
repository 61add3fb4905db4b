"""Finds a Java on this machine that is new enough for Kafka; installs none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from stream_app.broker.contract import NotHere

MINIMUM_MAJOR = 17
"""Kafka 4 servers need Java 17 (KIP-1013)."""


@dataclass(frozen=True)
class JavaRuntime:
    """A Java launcher and the major version that it reports."""

    executable: Path
    major: int


def parse_major(version_output: str) -> int | None:
    """The major version in the output of `java -version`, or None where there is none.

    Both numberings are read: `"17.0.15"` and `"21-ea"` as 17 and 21, the old `"1.8.0_392"` as 8.
    """
    found = re.search(r'version "(?:1\.)?(\d+)', version_output)
    return int(found.group(1)) if found else None


def find_java() -> JavaRuntime:
    """`$JAVA_HOME/bin/java` or the first `java` on PATH, whichever is new enough first.

    Raises `NotHere` saying what was found instead.
    """
    too_old = []
    for executable in _candidates():
        major = _major(executable)
        if major is not None and major >= MINIMUM_MAJOR:
            return JavaRuntime(executable, major)
        if major is not None:
            too_old.append(f"Java {major} at {executable}")
    if too_old:
        raise NotHere(f"Kafka needs Java {MINIMUM_MAJOR} and there is only {' and '.join(too_old)}")
    raise NotHere("there is no Java")


def _candidates() -> list[Path]:
    home = os.environ.get("JAVA_HOME")
    in_home = [Path(home) / "bin" / "java"] if home else []
    on_path = shutil.which("java")
    return [*in_home, *([Path(on_path)] if on_path else [])]


def _major(executable: Path) -> int | None:
    try:
        answer = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_major(answer.stderr + answer.stdout)
