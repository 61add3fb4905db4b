"""Digest of the code that trains, by which a kept bundle is known to be what training would make.

A version number does not tell: a checkout changes without it. Only reads files; imports nothing of
the training, which a worker's install lacks the libraries for.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_ROOT = Path(__file__).parents[2]
TRAINING = tuple(
    _ROOT / part
    for part in (
        "training",
        "stream_app/bundle",
        "stream_app/inference",
        "stream_app/labelled_data",
    )
)
"""The package that trains, which lies beside this one in a checkout and in an install, and what it
takes from this one."""

_KINDS = ("csv", "py", "yaml")


@cache
def code_sha256(folders: tuple[Path, ...] = TRAINING) -> str:
    """Digest (hex) of the code and the packaged data below `folders`, by paths and contents.

    Of this process' first call: later edits change nothing. Raises `OSError` when a folder is
    missing or a file can't be read.
    """
    digest = hashlib.sha256()
    for folder in folders:
        if not folder.is_dir():
            raise FileNotFoundError(f"no folder {folder}, whose code is to be digested")
        for path in sorted(path for kind in _KINDS for path in folder.rglob(f"*.{kind}")):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(folder)} {content}\n".encode())
    return digest.hexdigest()
