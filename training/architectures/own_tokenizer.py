"""Tokenizers for architectures that learn their vocabulary from the training rows; no network.

Every text gives at least one token, the start token: a row without tokens has nothing to pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

UNKNOWN, START = "[UNK]", "[START]"
UNKNOWN_ID, START_ID = 0, 1

PIECES = 4_000
"""Upper limit of a vocabulary. On Banking77, whole words or fewer pieces did no better."""

LEAST_COUNT = 2
"""A piece that stands in one row only teaches nothing about other rows."""


def save_word_pieces(texts: Sequence[str], path: Path) -> int:
    """Learn word pieces from `texts`, lower case, and write a `tokenizer.json` to `path`.

    Pieces, so that a word that the training rows lack still says something (Schuster and Nakajima
    2012, "Japanese and Korean Voice Search"). Returns the size of the vocabulary.
    """
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=PIECES,
        min_frequency=LEAST_COUNT,
        special_tokens=[UNKNOWN, START],
        show_progress=False,
    )
    return _learn(tokenizer, trainer, texts, path)


def save_byte_pairs(texts: Sequence[str], path: Path) -> int:
    """Learn byte pairs from `texts` as GPT-2 does and write a `tokenizer.json` to `path`.

    Any text can be written in them (Radford et al. 2019, "Language Models are Unsupervised
    Multitask Learners", section 2.2). Returns the size of the vocabulary.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        min_frequency=LEAST_COUNT,
        special_tokens=[UNKNOWN, START],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    return _learn(tokenizer, trainer, texts, path)


def _learn(
    tokenizer: Tokenizer, trainer: trainers.Trainer, texts: Sequence[str], path: Path
) -> int:
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A", special_tokens=[(START, START_ID)]
    )
    tokenizer.save(str(path))
    return tokenizer.get_vocab_size()
