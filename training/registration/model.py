"""One registered model on one MLflow server: reads its versions, owns the moves of its aliases."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
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
    CHAMPION_BY_TAG,
    GATE_TAG,
    PREVIOUS_CHAMPIONS_TAG,
    GateVerdict,
    Move,
)
from stream_app.registry.version import RegisteredVersion
from training.registration.server import connect, failures_told
from training.registration.version import Version

REMEMBERED_CHAMPIONS = 50
"""How far back rollbacks go: older MLflow servers take 5,000 characters in a tag."""

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
        """Keep the gate's report with the version's run and its verdict as a tag.

        Takes away the reason of an earlier promotion without the gate's word, which stands beside
        that verdict alone.
        """
        number = str(version.number)
        with failures_told(self._uri):
            self._client.log_dict(version.run_id, dict(report), GATE_REPORT_FILE)
            self._client.set_model_version_tag(self.name, number, GATE_TAG, verdict)
            self._client.delete_model_version_tag(self.name, number, FORCED_BECAUSE_TAG)

    def record_force(self, version: Version, reason: str) -> None:
        """Keep that the version was promoted without the gate's word, and why."""
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
        entity = self._entity()
        current = entity.aliases.get(CHAMPION)
        if (None if current is None else int(current)) != over:
            raise CheckFailed("the champion changed while judging; judge again")
        if over is not None:
            # Before the alias: a crash in between leaves the champion itself as the last one, by
            # which it is known, where the other order would lose the way back to it.
            self._remember([*_before(entity), over])
        self._say_how(version.number, "promotion")
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
        current = entity.aliases.get(CHAMPION)
        if current is None:
            raise UserError(f"{self.name} has no champion to go back from")
        before = _before(entity)
        if not before:
            raise UserError(f"{self.name} has had no champion before version {current}")
        target = self.version(str(before[-1]))
        self._say_how(target.number, "rollback")
        self._point(CHAMPION, target.number)
        # A tag that stays behind ends with the champion itself, by which it is known.
        with suppress(UserError):
            self._remember(before[:-1])
        return int(current), target.number

    def _point(self, alias: str, number: int) -> None:
        with failures_told(self._uri):
            self._client.set_registered_model_alias(self.name, alias, str(number))

    def _say_how(self, number: int, move: Move) -> None:
        # Before the alias, since workers read both at once.
        with failures_told(self._uri):
            self._client.set_model_version_tag(self.name, str(number), CHAMPION_BY_TAG, move)

    def _remember(self, champions: Sequence[int]) -> None:
        with failures_told(self._uri):
            if champions:
                told = ",".join(map(str, champions[-REMEMBERED_CHAMPIONS:]))
                self._client.set_registered_model_tag(self.name, PREVIOUS_CHAMPIONS_TAG, told)
            else:
                self._client.delete_registered_model_tag(self.name, PREVIOUS_CHAMPIONS_TAG)

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


def _before(entity: Entity) -> list[int]:
    """The champions before the one that serves, oldest first."""
    tag = entity.tags.get(PREVIOUS_CHAMPIONS_TAG, "")
    numbers = [int(each) for each in tag.split(",") if each.isdecimal()]
    # A move that broke off leaves the champion itself at the end.
    while numbers and str(numbers[-1]) == entity.aliases.get(CHAMPION):
        numbers.pop()
    return numbers


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
