from __future__ import annotations

from pathlib import Path

import pytest

from stream_app.errors import UserError
from training.gate import load_limits


def test_limits_of_ones_own_are_read_whole(tmp_path: Path) -> None:
    packaged = load_limits()
    path = tmp_path / "limits.yaml"
    path.write_text(packaged.model_dump_json())
    assert load_limits(path) == packaged
    assert load_limits(path).sha256 == packaged.sha256


def test_other_limits_have_another_digest() -> None:
    packaged = load_limits()
    milder = packaged.model_copy(update={"size": packaged.size.model_copy(update={"ratio": 2.0})})
    assert milder.sha256 != packaged.sha256


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("version: [", "no valid YAML"),
        ("version: 1", "macro_f1: Field required"),
        ("just a word", "the whole file"),
    ],
)
def test_a_file_that_holds_no_limits_is_one_clear_line(
    tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "limits.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=told) as caught:
        load_limits(path)
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load_limits(tmp_path / "none.yaml")
