"""The pointer to the bundle that served last, for a start without the registry.

The bundles of a cache are shared by all that follow a model of this name; a pointer only by the
workers that follow the same alias on the same server. It is replaced whole.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stream_app.hot_reload.cache import DIGEST_PATTERN, DRAFT_PREFIX, BundleCache

log = logging.getLogger(__name__)

_PREFIX = "last-good-"
_ALIAS_CHARACTERS = 40
"""What people see of an alias, which may be longer than the name of a file."""


class LastGood(BaseModel):
    """The bundle that served last: its registry version and its digest (`sha256:<hex>`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int
    digest: str = Field(pattern=f"^{DIGEST_PATTERN}$")


class LastGoodPointer:
    """What served last of those that `alias` at `tracking_uri` pointed at."""

    def __init__(self, cache: BundleCache, *, tracking_uri: str, alias: str) -> None:
        self.cache = cache
        followed = hashlib.sha256(f"{alias} {tracking_uri}".encode()).hexdigest()[:12]
        self.path = cache.folder / f"{_PREFIX}{alias[:_ALIAS_CHARACTERS]}-{followed}.json"

    def read(self) -> LastGood | None:
        """What `remember` was told last; None where that was nothing readable."""
        return _read(self.path)

    def settle(self, number: int, digest: str, *, in_use: Collection[str]) -> None:
        """Prune the cache and remember what serves now; a disk that does not take it costs no more
        than the start without a registry, or room."""
        try:
            # In this order: on a full disk the pointer needs the room.
            self.prune(in_use)
            self.remember(number, digest)
        except OSError as error:
            log.warning("the cache of bundles was not tidied: %s", error)

    def prune(self, in_use: Collection[str]) -> None:
        """Prune the cache, but for the digests `in_use` and what any pointer in it names."""
        pointers = map(_read, self.cache.folder.glob(f"{_PREFIX}*.json"))
        self.cache.prune({*in_use, *(last.digest for last in pointers if last is not None)})

    def remember(self, number: int, digest: str) -> None:
        """Point at the bundle that serves now.

        Raises `OSError`, with the pointer as it was, where the disk does not take it and where the
        bundle is not in the cache: one that served before is swapped in without it.
        """
        os.utime(self.cache.bundle(digest))
        content = LastGood(number=number, digest=digest).model_dump_json().encode()
        handle, draft = tempfile.mkstemp(prefix=DRAFT_PREFIX, dir=self.cache.folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(self.path)
        except OSError:
            Path(draft).unlink(missing_ok=True)
            raise


def _read(path: Path) -> LastGood | None:
    try:
        return LastGood.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
