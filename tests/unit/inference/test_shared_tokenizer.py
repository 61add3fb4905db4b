"""A model that is opened beside a serving one reads no tokenizer that is open already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stream_app.bundle import BundleError, FileDigest, read_bundle
from stream_app.bundle.manifest import TOKENIZER_FILE
from stream_app.inference import OnnxClassifier, open_classifier
from tests.unit.tiny_bundle import write_tiny_bundle


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[OnnxClassifier]:
    classifier = open_classifier(read_bundle(write_tiny_bundle(tmp_path / "1")), lanes=1)
    yield classifier
    classifier.close()


def test_the_same_tokenizer_is_not_read_again(serving: OnnxClassifier, tmp_path: Path) -> None:
    bundle = read_bundle(write_tiny_bundle(tmp_path / "2", version="2"))
    bundle.tokenizer_path.unlink()
    following = open_classifier(bundle, lanes=1, like=serving)
    serving.close()
    (prediction,) = following.classify(["stolen"])
    assert prediction.label.intent == "card_stolen"
    following.close()


@pytest.mark.parametrize(
    "change",
    [
        {"files": {TOKENIZER_FILE: FileDigest.of(b"another")}},
        {"max_tokens": 8},
    ],
    ids=["file", "cut"],
)
def test_another_tokenizer_is_read(
    serving: OnnxClassifier, tmp_path: Path, change: dict[str, object]
) -> None:
    bundle = read_bundle(write_tiny_bundle(tmp_path / "2", version="2"))
    bundle.tokenizer_path.unlink()
    other = replace(bundle, manifest=bundle.manifest.model_copy(update=change))
    with pytest.raises(BundleError):
        open_classifier(other, lanes=1, like=serving)
