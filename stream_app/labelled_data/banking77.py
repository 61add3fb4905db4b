"""Finds Banking77 on this machine or downloads it; never uses a file with another checksum.

Banking77 is by Casanueva et al. 2020, "Efficient Intent Detection with Dual Sentence Encoders",
under CC BY 4.0.
"""

from __future__ import annotations

import hashlib
import os
import urllib.request
from http.client import HTTPException
from pathlib import Path

from platformdirs import user_cache_path

from stream_app.errors import Unavailable, UserError
from stream_app.labelled_data.dataset import Dataset
from stream_app.labelled_data.files import read_examples

COMMIT = "57ec275d8078af65b7731c2a98be812d844a6d6b"
SOURCE = (
    f"https://raw.githubusercontent.com/PolyAI-LDN/task-specific-datasets/{COMMIT}/banking_data"
)
CHECKSUMS = {
    "train.csv": "b06e26ac675513959a63135f11b94ea7786ed02da65db93a5650d8838cbc664b",
    "test.csv": "d12d6e3bc4c3103966ae786dc435913c0c563dfa328f5a3646d0e62cfeeb474d",
}
"""SHA-256 of the files at `COMMIT`."""

TIMEOUT_SECONDS = 30.0


def load_banking77(source: str = SOURCE) -> Dataset:
    """Banking77: 10,003 training and 3,080 test rows of 77 intents.

    Looks in `TICKETS_DATA_DIR`/banking77, then in the cache folder (`TICKETS_CACHE_DIR` or the
    user's), then downloads from `source` into the cache. Raises `Unavailable` where the download
    fails and `UserError` where a file is not the pinned one.
    """
    folder = _find() or _download(source, cache_folder())
    for name in CHECKSUMS:
        _check(folder / name)
    return Dataset(
        name="banking77",
        train=read_examples(folder / "train.csv"),
        test=read_examples(folder / "test.csv"),
    )


def cache_folder() -> Path:
    """Where downloads of Banking77 are kept. May not exist yet."""
    configured = os.environ.get("TICKETS_CACHE_DIR")
    return (Path(configured) if configured else user_cache_path("ticket-stream")) / "banking77"


def _find() -> Path | None:
    data_dir = os.environ.get("TICKETS_DATA_DIR")
    candidates = [Path(data_dir) / "banking77"] if data_dir else []
    for folder in (*candidates, cache_folder()):
        if all((folder / name).is_file() for name in CHECKSUMS):
            return folder
    return None


def _check(path: Path) -> None:
    if hashlib.sha256(path.read_bytes()).hexdigest() != CHECKSUMS[path.name]:
        raise UserError(
            f"{path} is not the Banking77 file of commit {COMMIT[:12]} (SHA-256): delete it, "
            "or pass its folder as --data to train on it as it is"
        )


def _download(source: str, folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be made ({error.strerror}): name a folder in TICKETS_CACHE_DIR"
        ) from error
    for name in CHECKSUMS:
        try:
            # The scheme is fixed: `source` is the constant above or a test's local server.
            with urllib.request.urlopen(f"{source}/{name}", timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310
                content = reply.read()
        except (OSError, HTTPException) as error:
            raise Unavailable(
                f"Banking77 is not on this machine and cannot be downloaded ({error}): put "
                "train.csv and test.csv into a folder banking77 and name its parent in "
                "TICKETS_DATA_DIR, or take other data"
            ) from error
        if hashlib.sha256(content).hexdigest() != CHECKSUMS[name]:
            raise Unavailable(f"{source}/{name} is not the pinned file (SHA-256); nothing was kept")
        draft = folder / f".{name}.{os.getpid()}"
        draft.write_bytes(content)
        draft.replace(folder / name)
    return folder
