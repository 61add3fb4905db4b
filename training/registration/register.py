"""Registers a bundle folder as a new version of a model; moves no alias."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from stream_app.bundle import Manifest, read_bundle
from stream_app.bundle.manifest import CONTENT_FILES, MANIFEST_FILE
from stream_app.registry.layout import (
    ARTIFACT_PATH,
    BUNDLE_DIGEST_TAG,
    BUNDLE_NAME_TAG,
    BUNDLE_VERSION_TAG,
    GATE_TAG,
    GateVerdict,
    bundle_source,
)
from training.registration.server import connect, failures_told

EVALUATION_FILE = "evaluation.json"
"""Artifact of the version's run: the whole evaluation that the registrar handed in."""


def register_bundle(
    bundle: Path,
    *,
    tracking_uri: str,
    model: str,
    evaluation: Mapping[str, Any] | None = None,
) -> int:
    """Verify the folder `bundle`, log it in a run of its own and return the new version's number.

    The run is in the experiment named like the model. It holds the files of the bundle, the
    provenance as parameters, its metrics, and `evaluation`, which must be JSON, as a file.

    Raises `BundleError` where the bundle does not verify, with nothing registered, and
    `Unavailable` where the server does not answer.
    """
    verified = read_bundle(bundle)
    reference = verified.reference
    not_judged: GateVerdict = "absent"
    client = connect(tracking_uri)
    with failures_told(tracking_uri):
        run_id = _log_run(client, bundle, verified.manifest, model, evaluation)
        _ensure_model(client, model)
        version = client.create_model_version(
            model,
            bundle_source(run_id),
            run_id=run_id,
            tags={
                BUNDLE_DIGEST_TAG: reference.digest,
                BUNDLE_NAME_TAG: reference.name,
                BUNDLE_VERSION_TAG: reference.version,
                GATE_TAG: not_judged,
            },
            # The files are there already: a version made of them is ready at once.
            await_creation_for=0,
        )
    return int(version.version)


def _log_run(
    client: MlflowClient,
    bundle: Path,
    manifest: Manifest,
    model: str,
    evaluation: Mapping[str, Any] | None,
) -> str:
    provenance = manifest.provenance
    about = provenance.model_dump(include={"base_model", "data", "data_sha256", "training_rows"})
    run = client.create_run(
        _experiment(client, model), run_name=f"{manifest.name} {manifest.version}"
    )
    run_id: str = run.info.run_id
    try:
        at = int(manifest.created_at.timestamp() * 1_000)
        client.log_batch(
            run_id,
            metrics=[Metric(key, value, at, 0) for key, value in provenance.metrics.items()],
            params=[
                Param(key, str(value))
                for key, value in (about | {"seed": provenance.seed} | provenance.recipe).items()
            ],
            tags=[
                RunTag(f"library.{name}", version) for name, version in provenance.libraries.items()
            ],
        )
        # File by file: whatever else lies in the folder is no part of the bundle.
        for name in (*CONTENT_FILES, MANIFEST_FILE):
            client.log_artifact(run_id, str(bundle / name), ARTIFACT_PATH)
        if evaluation is not None:
            client.log_dict(run_id, dict(evaluation), EVALUATION_FILE)
    except BaseException:
        client.set_terminated(run_id, "FAILED")
        raise
    client.set_terminated(run_id)
    return run_id


def _experiment(client: MlflowClient, name: str) -> str:
    found = client.get_experiment_by_name(name)
    experiment: str = found.experiment_id if found is not None else client.create_experiment(name)
    return experiment


def _ensure_model(client: MlflowClient, name: str) -> None:
    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
