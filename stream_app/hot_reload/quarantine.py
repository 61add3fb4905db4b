"""The versions that must not be tried again, each with its reason; pure."""

from __future__ import annotations

from stream_app.registry.version import RegisteredVersion


class Quarantine:
    """Goes by version number and digest, so that a corrected version gets its chance."""

    def __init__(self) -> None:
        self._reasons: dict[tuple[int, str | None], str] = {}

    def __len__(self) -> int:
        """How many versions are in quarantine."""
        return len(self._reasons)

    def __contains__(self, version: RegisteredVersion) -> bool:
        """Whether this version was put here."""
        return (version.number, version.digest) in self._reasons

    def put(self, version: RegisteredVersion, reason: str) -> None:
        """Keep the version from being tried again."""
        self._reasons[version.number, version.digest] = reason

    def clear(self) -> None:
        """Give every version another chance."""
        self._reasons.clear()
