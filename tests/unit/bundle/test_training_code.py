"""The digest of the training code tells one state of it from another."""

from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.bundle import code_sha256


def test_the_digest_of_the_code_follows_names_and_contents(tmp_path: Path) -> None:
    digests = set()
    for number, (name, content) in enumerate(
        [("a.py", "1"), ("a.py", "2"), ("b.py", "1"), ("sub/a.yaml", "1"), ("a.csv", "1")]
    ):
        file = tmp_path / str(number) / name
        file.parent.mkdir(parents=True)
        file.write_text(content)
        digests.add(code_sha256((tmp_path / str(number),)))
    assert len(digests) == 5


def test_other_files_do_not_change_the_digest(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "a.py").write_text("1")
    (other / "notes.txt").write_text("changes nothing")
    assert code_sha256((one,)) == code_sha256((other,))


def test_a_folder_that_is_not_there_is_not_digested_as_empty(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        code_sha256((tmp_path / "nowhere",))
