from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow import MlflowClient

from stream_app.bundle import BundleError, read_bundle
from stream_app.errors import UserError
from stream_app.registry.layout import bundle_source
from stream_app.registry.local_server import LocalRegistry
from tests.integration.registration.word_models import GOOD, word_bundle
from training.registration import RegisteredModel, register_bundle


def test_a_version_holds_the_bundle_byte_for_byte_and_says_what_it_is(
    mlflow_server: LocalRegistry, registered: RegisteredModel, tmp_path: Path
) -> None:
    folder = word_bundle(tmp_path, GOOD, version="v1")
    number = register_bundle(
        folder,
        tracking_uri=mlflow_server.uri,
        model=registered.name,
        evaluation={"macro_f1": 0.9},
    )
    assert number == 1
    version = registered.version("1")
    there = registered.bundle(version, tmp_path)
    assert version.digest == read_bundle(folder).reference.digest == there.reference.digest
    assert (version.bundle, version.gate, version.aliases) == ("words v1", "absent", ())
    assert version.source == bundle_source(version.run_id)

    client = MlflowClient(mlflow_server.uri)
    run = client.get_run(version.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"accuracy_int8": 0.9}
    assert run.data.params["epochs"] == "3"
    evaluation = client.download_artifacts(version.run_id, "evaluation.json", str(tmp_path))
    assert json.loads(Path(evaluation).read_text()) == {"macro_f1": 0.9}


def test_only_the_files_of_the_bundle_leave_its_folder(
    mlflow_server: LocalRegistry, registered: RegisteredModel, tmp_path: Path
) -> None:
    folder = word_bundle(tmp_path, GOOD, version="v1")
    (folder / "notes.txt").write_text("not for others")
    register_bundle(folder, tracking_uri=mlflow_server.uri, model=registered.name)
    client = MlflowClient(mlflow_server.uri)
    found = client.list_artifacts(registered.version("1").run_id, "bundle")
    manifest = json.loads((folder / "manifest.json").read_text())
    names = {Path(each.path).name for each in found}
    assert names == {"manifest.json", *manifest["files"]}


def test_a_damaged_bundle_is_not_registered(
    mlflow_server: LocalRegistry, registered: RegisteredModel, tmp_path: Path
) -> None:
    folder = word_bundle(tmp_path, GOOD, version="v1")
    (folder / "labels.json").write_text("[]")
    with pytest.raises(BundleError, match=r"labels\.json"):
        register_bundle(folder, tracking_uri=mlflow_server.uri, model=registered.name)
    with pytest.raises(UserError, match="no model"):
        registered.versions()
