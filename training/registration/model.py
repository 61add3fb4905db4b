"""One registered model on one MLflow server: reads its versions, owns the moves of its aliases."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlflow.entities.model_registry import ModelVersion
from mlflow.entities.model_registry import RegisteredModel as Entity
from mlflow.exceptions import MlflowException

from stream_app.bundle import Bundle, read_bundle
from stream_app.errors import CheckFailed, UserError
from stream_app.registry.client import RegistryClient
from stream_app.registry.layout import (
    BUNDLE_DIGEST_TAG,
    BUNDLE_NAME_TAG,
    BUNDLE_VERSION_TAG,
    CHALLENGER,
    CHAMPION,
    GATE_TAG,
    PREVIOUS_CHAMPION_TAG,
    GateVerdict,
)
from stream_app.registry.version import RegisteredVersion
from training.registration.server import connect, failures_told
from training.registration.version import Version

PROMOTED_OVER_TAG = "promoted_over"
"""Version tag: the champion that it followed, for a second rollback after the first."""

FORCED_BECAUSE_TAG = "forced_because"
"""Version tag: why somebody promoted it without the gate's word."""

GATE_REPORT_FILE = "gate.json"
"""Artifact of the version's run: the verdicts of its last judgement."""


class RegisteredModel:
    """The versions and aliases of `name` at `tracking_uri`.

    Every method raises `Unavailable` where the server does not answer, and `UserError` where the
    model or the version does not exist.
    """

    def __init__(self, tracking_uri: str, name: str) -> None:
        self._uri = tracking_uri
        self.name = name
        self._client = connect(tracking_uri)
        self._reader = RegistryClient(tracking_uri, name)

    def versions(self) -> list[Version]:
        """All versions, newest first."""
        aliases = self._entity().aliases
        with failures_told(self._uri):
            found = self._client.search_model_versions(f"name='{self.name}'")
        versions = [_version(each, aliases) for each in found]
        return sorted(versions, key=lambda version: version.number, reverse=True)

    def version(self, wanted: str) -> Version:
        """The version with this number or alias."""
        entity = self._entity()
        number = wanted if wanted.isdecimal() else entity.aliases.get(wanted)
        if number is None:
            known = ", ".join(sorted(entity.aliases)) or "none"
            raise UserError(f"{self.name} has no alias {wanted!r} (it has: {known})")
        with failures_told(self._uri):
            try:
                return _version(self._client.get_model_version(self.name, number), entity.aliases)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
        raise UserError(
            f"{self.name} has no version {number}: `tickets model list` shows those it has"
        )

    def champion(self) -> Version | None:
        """The version that serves, if any does."""
        number = self._entity().aliases.get(CHAMPION)
        return self.version(number) if number is not None else None

    def bundle(self, version: Version, into: Path) -> Bundle:
        """Download the version's bundle below `into` and verify it.

        Raises `BundleError` where it is not what was registered.
        """
        folder = Path(tempfile.mkdtemp(prefix=f"{version.number}-", dir=into))
        stored = RegisteredVersion(
            number=version.number, digest=version.digest, source=version.source
        )
        self._reader.download(stored, folder)
        return read_bundle(folder)

    def metrics(self, version: Version) -> dict[str, float]:
        """The metrics of the version's run."""
        with failures_told(self._uri):
            return dict(self._client.get_run(version.run_id).data.metrics)

    def record_judgement(
        self, version: Version, verdict: GateVerdict, report: Mapping[str, Any]
    ) -> None:
        """Keep the gate's report with the version's run and its verdict as a tag."""
        with failures_told(self._uri):
            self._client.log_dict(version.run_id, dict(report), GATE_REPORT_FILE)
            self._client.set_model_version_tag(self.name, str(version.number), GATE_TAG, verdict)

    def record_force(self, version: Version, reason: str) -> None:
        """Keep that the version is promoted without the gate's word, and why."""
        forced: GateVerdict = "forced"
        with failures_told(self._uri):
            for tag, value in ((GATE_TAG, forced), (FORCED_BECAUSE_TAG, reason)):
                self._client.set_model_version_tag(self.name, str(version.number), tag, value)

    def make_champion(self, version: Version, *, over: int | None) -> None:
        """Point `champion` at the version and remember the one before; asks no gate.

        `over` is the number of the champion that the version was judged against, None where there
        was none. Raises `CheckFailed`, with nothing moved, where another one serves by now. A
        challenger that becomes the champion is no challenger any longer.
        """
        before = self.champion()
        if (None if before is None else before.number) != over:
            raise CheckFailed("the champion changed while judging; judge again")
        if before is not None:
            # Before the alias: a crash in between leaves a way back to the same champion, where
            # the other order would leave a way back to an older one.
            self._remember(before.number)
            with failures_told(self._uri):
                self._client.set_model_version_tag(
                    self.name, str(version.number), PROMOTED_OVER_TAG, str(before.number)
                )
        self._point(CHAMPION, version.number)
        # It serves from here on: what fails now must not look as if nothing had happened.
        with suppress(UserError), failures_told(self._uri):
            # Asked anew: while the version was judged, another may have become the challenger.
            if self._entity().aliases.get(CHALLENGER) == str(version.number):
                self._client.delete_registered_model_alias(self.name, CHALLENGER)

    def make_challenger(self, version: Version) -> None:
        """Point `challenger` at the version."""
        self._point(CHALLENGER, version.number)

    def roll_back(self) -> tuple[int, int]:
        """Point `champion` at the previous one again; returns the numbers before and after.

        Raises `UserError` where there is no champion or none came before it.
        """
        entity = self._entity()
        current, previous = entity.aliases.get(CHAMPION), entity.tags.get(PREVIOUS_CHAMPION_TAG)
        if current is None:
            raise UserError(f"{self.name} has no champion to go back from")
        if previous == current:
            # A promotion that broke off before the alias moved left it so.
            previous = self._promoted_over(current)
        if previous is None or previous == current:
            raise UserError(f"{self.name} has had no champion before version {current}")
        target = self.version(previous)
        before = self._promoted_over(previous)
        self._point(CHAMPION, target.number)
        # The way back is gone now. A tag that stays behind names the champion itself, by which the
        # next rollback knows it.
        with suppress(UserError), failures_told(self._uri):
            if before is not None:
                self._remember(int(before))
            else:
                self._client.delete_registered_model_tag(self.name, PREVIOUS_CHAMPION_TAG)
        return int(current), target.number

    def _promoted_over(self, number: str) -> str | None:
        """The champion that version `number` followed, if it followed one."""
        with failures_told(self._uri):
            tags: Mapping[str, str] = self._client.get_model_version(self.name, number).tags
        return tags.get(PROMOTED_OVER_TAG)

    def _point(self, alias: str, number: int) -> None:
        with failures_told(self._uri):
            self._client.set_registered_model_alias(self.name, alias, str(number))

    def _remember(self, previous: int) -> None:
        with failures_told(self._uri):
            self._client.set_registered_model_tag(self.name, PREVIOUS_CHAMPION_TAG, str(previous))

    def _entity(self) -> Entity:
        with failures_told(self._uri):
            try:
                return self._client.get_registered_model(self.name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
        raise UserError(
            f"no model {self.name} at {self._uri}: register a bundle with "
            "`tickets train --register` or `tickets model register BUNDLE`"
        )


def _version(found: ModelVersion, aliases: Mapping[str, str]) -> Version:
    tags = found.tags
    return Version(
        number=int(found.version),
        bundle=f"{tags.get(BUNDLE_NAME_TAG, '')} {tags.get(BUNDLE_VERSION_TAG, '')}".strip(),
        digest=tags.get(BUNDLE_DIGEST_TAG, ""),
        gate=tags.get(GATE_TAG, ""),
        forced_because=tags.get(FORCED_BECAUSE_TAG),
        # Versions that come from a search carry no aliases of their own.
        aliases=tuple(
            sorted(name for name, at in aliases.items() if int(at) == int(found.version))
        ),
        created_at=datetime.fromtimestamp(found.creation_timestamp / 1_000, UTC),
        run_id=found.run_id or "",
        source=found.source or "",
    )
