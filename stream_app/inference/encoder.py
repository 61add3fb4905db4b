"""Turns texts into token ids with a bundle's own tokenizer; holds no model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

CHARACTERS_PER_TOKEN_CEILING = 16
"""Texts are cut to `max_tokens` times this many characters before tokenising.

English WordPiece averages four to five characters a token, so the cut never reaches a token that
truncation would have kept in a real ticket, and it bounds the time that a 20,000-character text
takes to tokenise.
"""

_ANY_TOKEN = 0


class Encoder:
    """A tokenizer with truncation to `max_tokens`, without padding. Safe to share by threads."""

    def __init__(self, tokenizer_path: Path, *, max_tokens: int) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer_path))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=max_tokens)
        self._max_characters = max_tokens * CHARACTERS_PER_TOKEN_CEILING

    @property
    def vocabulary(self) -> int:
        """One more than the highest token id."""
        return max(self._tokenizer.get_vocab().values()) + 1

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special tokens included; between 1 and `max_tokens` long."""
        cut = [text[: self._max_characters] for text in texts]
        # A tokenizer without special tokens may leave nothing of a text, and no graph takes that.
        return [encoding.ids or [_ANY_TOKEN] for encoding in self._tokenizer.encode_batch_fast(cut)]


def pad(
    rows: Sequence[Sequence[int]],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Pad token ids to the longest row: `(input_ids, attention_mask)`, both (rows, longest).

    The padding id is 0; the mask keeps it out of attention and pooling, so its value is free.
    """
    lengths = [len(row) for row in rows]
    longest = max(lengths)
    input_ids = np.array([[*row, *[0] * (longest - len(row))] for row in rows], dtype=np.int64)
    attention_mask = (np.arange(longest) < np.array(lengths)[:, None]).astype(np.int64)
    return input_ids, attention_mask
