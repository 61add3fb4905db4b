"""Downloaded bundles on this machine; opens no model.

Several workers of a machine share one cache: a bundle appears by a rename and is never changed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from platformdirs import user_data_path

from stream_app.bundle import Bundle, BundleError, read_bundle
from stream_app.settings import RegistrySettings

KEPT_BUNDLES = 5
"""How many bundles stay: what serves, what it replaced, a challenger, and two for roll-outs in
which the workers of a machine are not yet all on one version."""

ABANDONED_AFTER_S = 3_600.0
"""A draft this old belongs to a process that was killed in mid-download."""

DIGEST_PATTERN = r"sha256:[0-9a-f]{64}"
"""How the registry's tags and decisions name a bundle."""

DRAFT_PREFIX = ".draft-"
"""Of files and folders that are not done yet."""


class BundleCache:
    """One folder, with a folder for each bundle named after its digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def bundle(self, digest: str) -> Path:
        """Where the bundle of `digest` (`sha256:<hex>`) lies or would lie.

        Raises `BundleError` for anything else: whoever may write tags in the registry must not
        name a folder outside the cache.
        """
        if not re.fullmatch(DIGEST_PATTERN, digest):
            raise BundleError(f"{digest[:80]!r} is no digest: sha256: and 64 hexadecimal digits")
        return self.folder / digest.removeprefix("sha256:")

    def read(self, digest: str) -> Bundle:
        """The bundle of `digest`, every byte checked.

        Raises `BundleError` where another one lies there, and as `read_bundle` does.
        """
        bundle = read_bundle(self.bundle(digest))
        if bundle.reference.digest != digest:
            raise BundleError(f"bundle {self.bundle(digest)}: it is {bundle.reference.digest}")
        return bundle

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """An empty folder to download into, gone afterwards unless it was kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        draft = Path(tempfile.mkdtemp(prefix=DRAFT_PREFIX, dir=self.folder))
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

    def prune(self, in_use: Collection[str]) -> None:
        """Delete all bundles but the `KEPT_BUNDLES` used last and the digests `in_use`."""
        self._sweep()
        kept = {self.bundle(digest) for digest in in_use}
        bundles = []
        for path in self.folder.iterdir():
            # Another worker of this machine may have deleted it since.
            with suppress(FileNotFoundError):
                if path.is_dir() and not path.name.startswith(DRAFT_PREFIX):
                    bundles.append((path.stat().st_mtime, path))
        newest_first = [path for _, path in sorted(bundles, reverse=True)]
        for path in newest_first[KEPT_BUNDLES:]:
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def _sweep(self) -> None:
        """Delete the drafts of processes that were killed."""
        abandoned_before = time.time() - ABANDONED_AFTER_S
        for path in self.folder.glob(f"{DRAFT_PREFIX}*"):
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
