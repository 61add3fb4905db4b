"""Registers bundles in a real MLflow server, and makes variants of one to register."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlflow import MlflowClient

from stream_app.bundle import GoldenTicket, read_bundle, write_bundle
from stream_app.registry.layout import ARTIFACT_PATH, CHAMPION
from stream_app.registry.local_server import LocalRegistry
from training.registration import register_bundle


class Registry:
    """A registered model of one test on a server."""

    def __init__(self, uri: str, model: str, *, cache: Path) -> None:
        self.uri = uri
        self.model = model
        self.cache = cache
        self.client = MlflowClient(tracking_uri=uri, registry_uri=uri)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a worker follow this model, quickly."""
        return {
            "TICKETS_REGISTRY_TRACKING_URI": self.uri,
            "TICKETS_REGISTRY_MODEL": self.model,
            "TICKETS_REGISTRY_CACHE_DIR": str(self.cache),
            "TICKETS_REGISTRY_POLL_S": "0.5",
        }

    def register(self, folder: Path) -> int:
        """Make the bundle a version; returns its number."""
        return register_bundle(folder, tracking_uri=self.uri, model=self.model)

    def stored(self, number: int, server: LocalRegistry, name: str) -> Path:
        """Where the server keeps a file of the version's bundle."""
        run = self.client.get_model_version(self.model, str(number)).run_id
        (path,) = (server.folder / "artifacts").glob(f"*/{run}/artifacts/{ARTIFACT_PATH}/{name}")
        return path

    def promote(self, number: int, alias: str = CHAMPION) -> None:
        """Move the alias."""
        self.client.set_registered_model_alias(self.model, alias, str(number))


def variant(
    folder: Path,
    into: Path,
    *,
    version: str,
    name: str | None = None,
    golden: Sequence[GoldenTicket] = (),
    graph: Path | None = None,
) -> Path:
    """The same model under another version, hence another digest, with its own name, golden
    tickets and graph or with these."""
    bundle = read_bundle(folder)
    return write_bundle(
        into / version,
        name=name or bundle.manifest.name,
        version=version,
        created_at=bundle.manifest.created_at,
        max_tokens=bundle.manifest.max_tokens,
        model_path=graph or bundle.model_path,
        tokenizer_path=bundle.tokenizer_path,
        labels=bundle.labels,
        calibration=bundle.calibration,
        golden=golden or bundle.golden,
        provenance=bundle.manifest.provenance,
    )
