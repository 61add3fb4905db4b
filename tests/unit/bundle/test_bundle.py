"""A bundle serves only if every byte is what its manifest says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import pytest

from stream_app.bundle import BundleError, list_bundles, newest_bundle, read_bundle
from stream_app.bundle.manifest import CONTENT_FILES, MANIFEST_FILE
from stream_app.errors import Unavailable
from stream_app.inference import open_classifier
from tests.unit.tiny_bundle import write_tiny_bundle


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_bundle(tmp_path / "store" / "tiny-1")


def test_a_whole_bundle_is_read_and_named_by_its_manifests_digest(folder: Path) -> None:
    bundle = read_bundle(folder)
    assert [label.intent for label in bundle.labels] == [
        "card_stolen",
        "password_reset",
        "delivery_time",
    ]
    assert bundle.reference.digest == f"sha256:{bundle.digest}"


@pytest.mark.parametrize("name", CONTENT_FILES)
def test_one_changed_byte_in_any_file_is_refused_by_name(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name} is not the file"):
        read_bundle(folder)


@pytest.mark.parametrize("name", [*CONTENT_FILES, MANIFEST_FILE])
def test_a_missing_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=f"cannot read {name}"):
        read_bundle(folder)


@pytest.mark.parametrize("name", CONTENT_FILES)
def test_a_truncated_file_is_refused_with_both_sizes(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1])
    with pytest.raises(BundleError, match=f"{name} has {len(content) - 1} bytes"):
        read_bundle(folder)


def test_a_manifest_that_lists_too_little_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    del manifest["files"]["golden.jsonl"]
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"lists no golden\.jsonl"):
        read_bundle(folder)


def test_labels_that_do_not_fit_the_graph_are_refused(tmp_path: Path) -> None:
    folder = write_tiny_bundle(tmp_path / "two-labels", labels=2)
    with pytest.raises(BundleError, match="3 logits for 2 labels"):
        open_classifier(read_bundle(folder))


def test_a_graph_that_tells_no_scope_score_is_refused_with_what_to_do(folder: Path) -> None:
    bundle = read_bundle(folder)
    model = onnx.load(bundle.model_path)
    model.graph.output.pop()
    onnx.save(model, bundle.model_path)
    with pytest.raises(BundleError, match=r"a bundle's has .* logits, scope: train it anew"):
        open_classifier(bundle)


def test_of_several_golden_tickets_the_one_that_fails_is_named(folder: Path) -> None:
    bundle = read_bundle(folder)
    (right,) = bundle.golden
    longer = right.model_copy(update={"text": "stolen stolen stolen"})
    wrong = right.model_copy(update={"intent": "delivery_time"})
    golden = (*[longer] * 40, right, wrong, *[right] * 40)
    with pytest.raises(BundleError, match="golden ticket 42 should be delivery_time"):
        open_classifier(type(bundle)(**{**vars(bundle), "golden": golden}))


def test_a_golden_ticket_with_another_answer_is_refused(folder: Path, tmp_path: Path) -> None:
    other = write_tiny_bundle(tmp_path / "other")
    bundle = read_bundle(other)
    swapped = bundle.golden[0].model_copy(update={"intent": "delivery_time"})
    with pytest.raises(BundleError, match="golden ticket 1 should be delivery_time"):
        open_classifier(type(bundle)(**{**vars(bundle), "golden": (swapped,)}))


def test_a_file_that_this_machine_cannot_read_is_no_fault_of_the_bundle(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    # Reading it at its beginning fails as that of a bad disk does.
    (folder / "model.onnx").symlink_to("/proc/self/mem")
    with pytest.raises(Unavailable, match=r"cannot read model\.onnx: Input/output") as raised:
        read_bundle(folder)
    assert not isinstance(raised.value, BundleError)


def test_every_user_may_read_a_bundle_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        folder = write_tiny_bundle(tmp_path / "new" / "store" / "tiny-1")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").rglob("*")}
    files = (*CONTENT_FILES, MANIFEST_FILE)
    assert modes == {"store": 0o755, folder.name: 0o755, **dict.fromkeys(files, 0o644)}


@contextmanager
def another_user() -> Iterator[None]:
    """Root may read everything, so as nobody; any other user is bound by the modes anyway."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_store_of_another_user_is_told_as_such(folder: Path) -> None:
    folder.parent.chmod(0)
    try:
        with another_user(), pytest.raises(Unavailable, match="cannot be read: Permission denied"):
            newest_bundle(folder.parent)
    finally:
        folder.parent.chmod(0o755)


def test_a_bundle_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(BundleError, match="exists already"):
        write_tiny_bundle(folder)


def test_the_store_lists_bundles_and_passes_over_broken_folders(folder: Path) -> None:
    store = folder.parent
    write_tiny_bundle(store / "tiny-2", version="2")
    (store / "half").mkdir()
    (store / "half" / MANIFEST_FILE).write_text("{")
    assert [found.name for found in list_bundles(store)] == ["tiny-1", "tiny-2"]
    assert newest_bundle(store).name == "tiny-2"


def test_an_empty_store_says_how_to_get_a_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="tickets train"):
        newest_bundle(tmp_path)
