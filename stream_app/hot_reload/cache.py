"""Downloaded bundles on this machine and the pointer to the last good one; opens no model.

Several workers of a machine share one cache: a bundle appears by a rename and is never changed,
and the pointer is replaced whole.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stream_app.bundle import BundleError
from stream_app.settings import RegistrySettings

log = logging.getLogger(__name__)

KEPT_BUNDLES = 5
"""How many bundles stay: what serves, what it replaced, a challenger, and two for roll-outs in
which the workers of a machine are not yet all on one version."""

ABANDONED_AFTER_S = 3_600.0
"""A draft this old belongs to a process that was killed in mid-download."""

_DIGEST = r"sha256:[0-9a-f]{64}"
_POINTER = "last-good.json"
_DRAFT_PREFIX = ".draft-"


class LastGood(BaseModel):
    """The bundle that served last: its registry version and its digest (`sha256:<hex>`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    digest: str = Field(pattern=f"^{_DIGEST}$")


class BundleCache:
    """One folder, with a folder for each bundle named after its digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def bundle(self, digest: str) -> Path:
        """Where the bundle of `digest` (`sha256:<hex>`) lies or would lie.

        Raises `BundleError` for anything else: whoever may write tags in the registry must not
        name a folder outside the cache.
        """
        if not re.fullmatch(_DIGEST, digest):
            raise BundleError(f"{digest[:80]!r} is no digest: sha256: and 64 hexadecimal digits")
        return self.folder / digest.removeprefix("sha256:")

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder to download into, gone afterwards unless it was kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        draft = Path(tempfile.mkdtemp(prefix=_DRAFT_PREFIX, dir=self.folder))
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def keep(self, draft: Path, digest: str) -> Path:
        """Make a verified draft the bundle of `digest`; another worker may have been first."""
        final = self.bundle(digest)
        try:
            draft.rename(final)
        except OSError:
            if not final.is_dir():
                raise
        return final

    def drop(self, digest: str) -> None:
        """Delete a bundle, if there is one."""
        shutil.rmtree(self.bundle(digest), ignore_errors=True)

    def last_good(self) -> LastGood | None:
        """What `remember` was told last; None where that was nothing readable."""
        try:
            return LastGood.model_validate_json((self.folder / _POINTER).read_bytes())
        except (OSError, ValidationError):
            return None

    def settle(self, number: int, digest: str, *, in_use: Collection[str]) -> None:
        """Prune and remember what serves now; a disk that does not take it costs no more than
        the start without a registry, or room."""
        try:
            # In this order: on a full disk the pointer needs the room.
            self.prune(in_use)
            self.remember(number, digest)
        except OSError as error:
            log.warning("the cache of bundles was not tidied: %s", error)

    def remember(self, number: int, digest: str) -> None:
        """Point at the bundle that serves now. Raises `OSError` where the disk does not take it."""
        content = LastGood(number=number, digest=digest).model_dump_json().encode()
        handle, draft = tempfile.mkstemp(prefix=_DRAFT_PREFIX, dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self.folder / _POINTER)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise
        os.utime(self.bundle(digest))

    def prune(self, in_use: Collection[str]) -> None:
        """Delete all bundles but the `KEPT_BUNDLES` used last and the digests `in_use`."""
        self._sweep()
        last_good = self.last_good()
        kept = {self.bundle(digest) for digest in in_use}
        if last_good is not None:
            kept.add(self.bundle(last_good.digest))
        bundles = []
        for path in self.folder.iterdir():
            # Another worker of this machine may have deleted it since.
            with suppress(FileNotFoundError):
                if path.is_dir() and not path.name.startswith(_DRAFT_PREFIX):
                    bundles.append((path.stat().st_mtime, path))
        newest_first = [path for _, path in sorted(bundles, reverse=True)]
        for path in newest_first[KEPT_BUNDLES:]:
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def _sweep(self) -> None:
        """Delete the drafts of processes that were killed."""
        abandoned_before = time.time() - ABANDONED_AFTER_S
        for path in self.folder.glob(f"{_DRAFT_PREFIX}*"):
            # Other workers sweep the same folder.
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < abandoned_before:
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)
                    else:
                        path.unlink()


def open_cache(registry: RegistrySettings) -> BundleCache:
    """The cache of the registered model that these settings name."""
    root = registry.cache_dir or user_data_path("ticket-stream") / "registry-cache"
    return BundleCache(root / registry.model)
