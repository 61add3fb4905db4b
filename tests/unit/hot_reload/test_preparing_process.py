"""What the preparing process answers where the registry or the disk is not as it should be."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from stream_app.hot_reload.cache import BundleCache
from stream_app.hot_reload.calls import ANSWERS, CALLS, Call, Failed, Fetch, Score, Setup
from stream_app.hot_reload.preparing_process import Preparer, serve
from stream_app.registry.client import RegistryClient
from stream_app.registry.version import RegisteredVersion
from tests.unit.tiny_bundle import write_tiny_bundle
from tests.waiting import PATIENCE_S

NOBODY = "http://127.0.0.1:9"


def fetch(digest: str) -> Fetch:
    return Fetch(version=RegisteredVersion(number=3, digest=digest, source="runs:/1/bundle"))


def preparer(folder: Path) -> Preparer:
    return Preparer(RegistryClient(NOBODY, "m"), BundleCache(folder))


@pytest.mark.parametrize("outside", [True, False], ids=["a folder outside", "the cache itself"])
def test_a_digest_that_names_a_folder_is_the_bundles_fault_and_deletes_nothing(
    tmp_path: Path, outside: bool
) -> None:
    cache, other = tmp_path / "cache", tmp_path / "other"
    for folder in (cache, other):
        folder.mkdir()
        (folder / "kept.txt").write_text("kept")
    answer = preparer(cache).answer(fetch(f"sha256:{other}" if outside else ""))
    assert isinstance(answer, Failed)
    assert answer.blame == "bundle"
    assert (cache / "kept.txt").exists()
    assert (other / "kept.txt").exists()


def test_a_disk_that_takes_nothing_is_told_with_the_folder(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    answer = preparer(tmp_path / "cache").answer(fetch(f"sha256:{1:064x}"))
    assert isinstance(answer, Failed)
    assert answer.blame == "unavailable"
    assert answer.message.startswith(f"{tmp_path / 'cache'}: ")


def test_another_bundle_in_the_place_of_the_one_asked_for_is_downloaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the worker starts that process.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    asked = f"sha256:{1:064x}"
    folder = write_tiny_bundle(BundleCache(tmp_path).bundle(asked))
    answer = preparer(tmp_path).answer(fetch(asked))
    assert isinstance(answer, Failed)
    assert answer.message.startswith(f"MLflow at {NOBODY}: ")
    assert not folder.exists()


def test_a_call_that_cannot_be_read_shows_nothing_of_its_tickets() -> None:
    for broken in (b'{"call":"score","texts":["my secret', b'{"call":"score","texts":"my secret"}'):
        with pytest.raises(ValidationError) as raised:
            CALLS.validate_json(broken)
        assert "secret" not in str(raised.value)


def test_a_worker_that_ends_in_the_middle_of_a_call_leaves_nothing_to_answer(
    tmp_path: Path,
) -> None:
    setup = Setup(tracking_uri=NOBODY, model="m", cache=tmp_path).model_dump_json()
    half = Score(texts=["my secret"]).model_dump_json()[:-5]
    answers = io.BytesIO()
    serve(io.BytesIO(f"{setup}\n{half}".encode()), answers)
    assert answers.getvalue() == b""


def test_a_signal_to_the_whole_group_leaves_the_end_to_the_worker(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stream_app.hot_reload.preparing_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def call(*calls: Call) -> Failed:
            assert process.stdin is not None
            assert process.stdout is not None
            for each in calls:
                process.stdin.write(each.model_dump_json().encode() + b"\n")
            process.stdin.flush()
            answer = ANSWERS.validate_json(process.stdout.readline())
            assert isinstance(answer, Failed)
            return answer

        first = call(Setup(tracking_uri=NOBODY, model="m", cache=tmp_path), fetch("none"))
        process.send_signal(signal.SIGTERM)
        assert call(fetch("none")) == first
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
