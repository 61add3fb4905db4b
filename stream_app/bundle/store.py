"""The folder of bundles on this machine; finds them, never changes one."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from platformdirs import user_data_path
from pydantic import ValidationError

from stream_app.bundle.errors import BundleError
from stream_app.bundle.manifest import MANIFEST_FILE, Manifest
from stream_app.errors import Unavailable


def bundle_store() -> Path:
    """`TICKETS_BUNDLE_DIR`, else `bundles` in the user's data folder. May not exist yet."""
    configured = os.environ.get("TICKETS_BUNDLE_DIR")
    return Path(configured) if configured else user_data_path("ticket-stream") / "bundles"


def list_bundles(store: Path) -> list[Path]:
    """The bundle folders in `store`, oldest first by the manifest's `created_at`.

    Folders without a readable manifest are passed over: a half-deleted bundle must not hide
    the whole ones.
    """
    found = []
    for manifest_path in store.glob(f"[!.]*/{MANIFEST_FILE}"):
        try:
            manifest = Manifest.model_validate_json(manifest_path.read_bytes())
        except (OSError, ValidationError):
            continue
        found.append((manifest.created_at, manifest.version, manifest_path.parent))
    return [folder for _, _, folder in sorted(found)]


def newest_bundle(store: Path) -> Path:
    """The newest bundle of `store`.

    Raises `BundleError` with the command to run where there is none, and `Unavailable` where there
    are some and none can be read.
    """
    try:
        bundles = list_bundles(store)
        if not bundles:
            _check_readable(store)
    except PermissionError as error:
        raise Unavailable(f"{error.filename} cannot be read: {error.strerror}") from error
    if not bundles:
        raise BundleError(
            f"no model bundle in {store}: train one with `tickets train` "
            "or name one with --bundle DIR"
        )
    return bundles[-1]


def _check_readable(store: Path) -> None:
    """Raise `PermissionError` where there may be bundles, for another user."""
    # The other kinds of failure are those of a folder that is no bundle.
    with suppress(FileNotFoundError):
        for folder in store.iterdir():
            with suppress(FileNotFoundError, NotADirectoryError):
                (folder / MANIFEST_FILE).open("rb").close()
