"""Owns the cached folder of Kafka's jars: whole or absent, never half; starts no broker."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from stream_app.broker.contract import NotHere

POM = Path(__file__).with_name("pom.xml")
RESOLVE_WITHIN_S = 600


def kafka_version() -> str:
    """The version of Apache Kafka that `pom.xml` names."""
    found = re.search(r"<kafka\.version>(.+?)</kafka\.version>", POM.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError(f"{POM} has no kafka.version property")
    return found.group(1)


def cache_folder() -> Path:
    """`TICKETS_CACHE_DIR`, else the user's cache folder for this program. May not exist yet."""
    configured = os.environ.get("TICKETS_CACHE_DIR")
    return Path(configured) if configured else user_cache_path("ticket-stream")


def kafka_jars(on_progress: Callable[[str], None]) -> Path:
    """The folder of jars, from the cache or resolved by Maven (about 45 MB the first time).

    The folder's name carries the Kafka version and the digest of `pom.xml`, so a change of
    either is a different folder.

    Raises `NotHere` where the jars are not cached and Maven cannot bring them.
    """
    digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    folder = cache_folder() / "kafka" / f"{kafka_version()}-{digest}"
    if not folder.is_dir():
        maven = shutil.which("mvn")
        if maven is None:
            raise NotHere("Kafka's jars are not cached and there is no Maven to bring them")
        on_progress(f"bringing Apache Kafka {kafka_version()} with Maven (about 45 MB, once)")
        try:
            fill_atomically(folder, lambda target: _resolve(maven, target))
        except OSError as error:
            raise NotHere(f"Kafka's jars cannot be kept in {folder}: {error.strerror}") from error
    return folder


def fill_atomically(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make `folder` with what `fill` writes into the empty folder that it is given.

    `fill` works beside `folder`, which appears by one rename: an interrupted or failed `fill`
    leaves no `folder`. Where another process made it first, that one stays.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{folder.name}-", dir=folder.parent, ignore_cleanup_errors=True
    ) as scratch:
        complete = Path(scratch) / "complete"
        complete.mkdir()
        fill(complete)
        try:
            complete.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


def _resolve(maven: str, target: Path) -> None:
    command = [
        *(maven, "--batch-mode", "--quiet", "--file", str(POM)),
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={target}",
    ]
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RESOLVE_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"Maven brought no Kafka within {RESOLVE_WITHIN_S} s") from error
    if result.returncode != 0:
        raise NotHere(f"Maven cannot bring Kafka's jars ({_first_error(result.stdout)})")


def _first_error(maven_output: str) -> str:
    """The first error of Maven's output, without its marker and without the advice after it."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", maven_output)
    errors = re.findall(r"^\[ERROR\] (.+)$", plain, flags=re.MULTILINE)
    return str(errors[0])[:300] if errors else "it said nothing"
