"""The digest of the training code tells one state of it from another."""

from __future__ import annotations

from pathlib import Path

from stream_app.bundle import code_sha256


def test_the_digest_of_the_code_follows_names_and_contents(tmp_path: Path) -> None:
    digests = set()
    for number, (name, content) in enumerate(
        [("a.py", "1"), ("a.py", "2"), ("b.py", "1"), ("sub/a.yaml", "1"), ("a.csv", "1")]
    ):
        file = tmp_path / str(number) / name
        file.parent.mkdir(parents=True)
        file.write_text(content)
        file.with_name("notes.txt").write_text("changes nothing")
        digests.add(code_sha256((tmp_path / str(number),)))
    assert len(digests) == 5
