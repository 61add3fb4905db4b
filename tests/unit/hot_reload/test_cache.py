"""The bundles that a machine keeps, and the pointers to the last good ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stream_app.bundle import BundleError
from stream_app.hot_reload.cache import ABANDONED_AFTER_S, KEPT_BUNDLES, BundleCache
from stream_app.hot_reload.last_good import LastGood, LastGoodPointer

FOREIGN = b'{"number": 1, "digest": "sha256:/home"}'


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


@pytest.fixture
def cache(tmp_path: Path) -> BundleCache:
    return BundleCache(tmp_path / "cache")


def pointer_of(
    cache: BundleCache, *, tracking_uri: str = "http://desk:5000", alias: str = "champion"
) -> LastGoodPointer:
    return LastGoodPointer(cache, tracking_uri=tracking_uri, alias=alias)


@pytest.fixture
def pointer(cache: BundleCache) -> LastGoodPointer:
    return pointer_of(cache)


def keep(cache: BundleCache, number: int) -> Path:
    """A bundle whose last use lies the further back the smaller its number is."""
    with cache.draft() as draft:
        (draft / "manifest.json").write_text("{}")
        folder = cache.keep(draft, digest(number))
    os.utime(folder, (1_000_000 + number, 1_000_000 + number))
    return folder


def test_a_draft_that_was_not_kept_leaves_nothing(cache: BundleCache) -> None:
    with cache.draft() as draft:
        (draft / "model.onnx").write_bytes(b"half")
    assert list(cache.folder.iterdir()) == []


def test_the_second_worker_to_download_a_bundle_takes_the_firsts(cache: BundleCache) -> None:
    first = keep(cache, 1)
    assert keep(cache, 1) == first
    assert [path.name for path in cache.folder.iterdir()] == [first.name]


def test_the_pointer_is_what_was_remembered_last(
    cache: BundleCache, pointer: LastGoodPointer
) -> None:
    assert pointer.read() is None
    for number in (1, 2):
        keep(cache, number)
        pointer.remember(number, digest(number))
    assert pointer.read() == LastGood(number=2, digest=digest(2))


def test_a_bundle_that_is_no_longer_in_the_cache_leaves_the_pointer_at_the_last_one_that_is(
    cache: BundleCache, pointer: LastGoodPointer
) -> None:
    keep(cache, 1)
    pointer.settle(1, digest(1), in_use=[digest(1)])
    pointer.settle(2, digest(2), in_use=[digest(2)])
    assert pointer.read() == LastGood(number=1, digest=digest(1))


@pytest.mark.parametrize(
    "other", [{"tracking_uri": "http://elsewhere:5000"}, {"alias": "canary"}], ids=str
)
def test_each_alias_of_each_server_has_a_last_good_bundle_of_its_own(
    cache: BundleCache, pointer: LastGoodPointer, other: dict[str, str]
) -> None:
    keep(cache, 1)
    keep(cache, 2)
    pointer.remember(1, digest(1))
    pointer_of(cache, **other).remember(2, digest(2))
    assert pointer.read() == LastGood(number=1, digest=digest(1))
    for number in range(3, KEPT_BUNDLES + 4):
        keep(cache, number)
    pointer.prune([])
    assert cache.bundle(digest(1)).exists()
    assert cache.bundle(digest(2)).exists()


def test_aliases_as_long_as_a_files_name_are_told_apart(cache: BundleCache) -> None:
    keep(cache, 1)
    long, other = (pointer_of(cache, alias="a" * 254 + end) for end in "bc")
    long.remember(1, digest(1))
    assert long.read() is not None
    assert other.read() is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"number": 1}', b"\xff", FOREIGN])
def test_a_damaged_pointer_points_at_nothing(
    cache: BundleCache, pointer: LastGoodPointer, content: bytes
) -> None:
    keep(cache, 1)
    pointer.remember(1, digest(1))
    pointer.path.write_bytes(content)
    assert pointer.read() is None


def test_pruning_keeps_the_newest_those_in_use_and_the_last_good(
    cache: BundleCache, pointer: LastGoodPointer
) -> None:
    for number in range(KEPT_BUNDLES + 4):
        keep(cache, number)
    pointer.remember(0, digest(0))
    os.utime(cache.bundle(digest(0)), (1, 1))
    pointer.prune([digest(1)])
    kept = {path for path in cache.folder.iterdir() if path.is_dir()}
    newest = range(4, KEPT_BUNDLES + 4)
    assert kept == {cache.bundle(digest(number)) for number in (0, 1, *newest)}


def test_pruning_removes_the_drafts_of_killed_processes_and_no_fresh_one(
    cache: BundleCache,
) -> None:
    with cache.draft() as fresh:
        abandoned = fresh.with_name(".draft-abandoned")
        abandoned.mkdir()
        then = fresh.stat().st_mtime - ABANDONED_AFTER_S - 60
        os.utime(abandoned, (then, then))
        cache.prune([])
        assert fresh.is_dir()
        assert not abandoned.exists()


def test_a_download_first_makes_room_of_the_drafts_of_killed_processes(cache: BundleCache) -> None:
    keep(cache, 1)
    folder, pointer = cache.folder / ".draft-folder", cache.folder / ".draft-pointer"
    folder.mkdir()
    pointer.touch()
    for abandoned in (folder, pointer):
        os.utime(abandoned, (1, 1))
    with cache.draft() as fresh:
        assert set(cache.folder.glob(".draft-*")) == {fresh}


def test_a_pointer_that_cannot_be_replaced_leaves_no_draft_and_old_bundles_are_pruned(
    cache: BundleCache, pointer: LastGoodPointer
) -> None:
    for number in range(KEPT_BUNDLES + 1):
        keep(cache, number)
    pointer.path.mkdir()
    with pytest.raises(OSError, match="directory"):
        pointer.remember(1, digest(1))
    pointer.settle(1, digest(1), in_use=[digest(1)])
    assert not list(cache.folder.glob(".draft-*"))
    assert not cache.bundle(digest(0)).exists()


@pytest.mark.parametrize("tag", ["", "sha256:", "sha256:/home", "sha256:..", digest(1) + "\n"])
def test_only_a_digest_names_a_bundle(cache: BundleCache, tag: str) -> None:
    with pytest.raises(BundleError, match="is no digest"):
        cache.drop(tag)
