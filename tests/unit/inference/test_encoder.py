"""Token ids: never none at all, whatever the tokenizer makes of a text."""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, models

from stream_app.inference import Encoder


def test_a_text_of_which_the_tokenizer_leaves_nothing_has_a_token(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.BPE({"a": 0, "b": 1}, []))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    encoder = Encoder(tmp_path / "tokenizer.json", max_tokens=8)
    known, nothing = encoder.encode(["ba", "..."])
    assert known == [1, 0]
    assert len(nothing) == 1
