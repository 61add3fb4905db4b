"""Reads versions and their bundles from MLflow; blocking, writes nothing to the registry.

A bundle is taken file by file, manifest first: what the manifest does not fit is refused before
the graph is downloaded, and nothing that a bundle does not need is downloaded at all.
"""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts, list_artifacts
from mlflow.exceptions import MlflowException
from requests import RequestException

from stream_app.bundle import BundleError
from stream_app.bundle.manifest import CONTENT_FILES, MANIFEST_FILE
from stream_app.errors import Unavailable
from stream_app.registry.layout import BUNDLE_DIGEST_TAG, CHAMPION_BY_TAG, Move
from stream_app.registry.version import RegisteredVersion

MAX_REASON_CHARACTERS = 500

_NOT_FOUND = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")
"""How MLflow answers for a model, and for an alias, that it does not have."""


class RegistryClient:
    """One registered model on one server.

    How long and how often a request is tried is MLflow's own environment: its variables
    `MLFLOW_HTTP_REQUEST_TIMEOUT` and `MLFLOW_HTTP_REQUEST_MAX_RETRIES`.
    """

    def __init__(self, tracking_uri: str, model: str) -> None:
        self._uri = tracking_uri
        self._model = model
        self._client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)

    def resolve(self, alias: str) -> RegisteredVersion | None:
        """The version that `alias` points at; None where there is none.

        Raises `Unavailable` where the server does not answer.
        """
        try:
            version = self._client.get_model_version_by_alias(self._model, alias)
        except MlflowException as error:
            if error.error_code in _NOT_FOUND:
                return None
            raise self._unavailable(error) from error
        except RequestException as error:
            raise self._unavailable(error) from error
        return RegisteredVersion(
            number=int(version.version),
            digest=version.tags.get(BUNDLE_DIGEST_TAG),
            source=version.source,
            champion_by=_move(version.tags.get(CHAMPION_BY_TAG)),
        )

    def download(self, version: RegisteredVersion, into: Path) -> None:
        """Put the bundle's files into the folder `into`, which exists and is empty.

        Checks the manifest against the version's digest and no other file: that is
        `read_bundle`'s. Raises `Unavailable` where the server does not answer or breaks off, and
        `BundleError` where the manifest is not the one that was registered, or a file is gone.
        """
        if not version.source:
            raise BundleError(f"version {version.number} of {self._model} has no source")
        self._file(version, MANIFEST_FILE, into)
        found = f"sha256:{hashlib.sha256((into / MANIFEST_FILE).read_bytes()).hexdigest()}"
        if found != version.digest:
            raise BundleError(
                f"version {version.number} of {self._model}: its manifest is {found}, "
                f"its tag {BUNDLE_DIGEST_TAG} says {version.digest}"
            )
        for name in CONTENT_FILES:
            self._file(version, name, into)

    def _file(self, version: RegisteredVersion, name: str, into: Path) -> None:
        try:
            download_artifacts(
                artifact_uri=f"{version.source}/{name}",
                dst_path=str(into),
                tracking_uri=self._uri,
            )
        # OSError: MLflow lets some failures of a broken connection through as they are.
        except (MlflowException, RequestException, OSError) as error:
            if self._is_gone(version, name):
                raise BundleError(
                    f"version {version.number} of {self._model}: the registry no longer has {name}"
                ) from error
            raise self._unavailable(error) from error

    def _is_gone(self, version: RegisteredVersion, name: str) -> bool:
        """Whether the server says that it does not have the file.

        By its listing: a download that failed tells its reason as text alone.
        """
        try:
            there = list_artifacts(artifact_uri=version.source, tracking_uri=self._uri)
        except MlflowException as error:
            # The run itself was deleted for good.
            return bool(error.error_code == "RESOURCE_DOES_NOT_EXIST")
        except (RequestException, OSError):
            return False
        return name not in {PurePosixPath(file.path).name for file in there}

    def _unavailable(self, error: Exception) -> Unavailable:
        # MLflow tells a failed download on several lines, with the cause on the last one.
        reason = " ".join(str(error).split()) or type(error).__name__
        return Unavailable(f"MLflow at {self._uri}: {reason[:MAX_REASON_CHARACTERS]}")


def _move(tag: str | None) -> Move | None:
    match tag:
        case "promotion" | "rollback":
            return tag
        case _:
            return None
