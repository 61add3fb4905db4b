"""Turns what the user wrote after `--data` into a data set."""

from __future__ import annotations

from pathlib import Path

from stream_app.errors import Unavailable, UserError
from training.datasets.banking77 import load_banking77
from training.datasets.dataset import Dataset, Example
from training.datasets.files import SUFFIXES, read_examples
from training.datasets.split import stratified_split
from training.datasets.starter import load_starter

TEST_SHARE = 0.15
"""How much of a file without a split of its own becomes the test part."""

SPLIT_SEED = 77
"""Fixed, so that two trainings on the same file are measured on the same rows."""


def load_dataset(spec: str) -> Dataset:
    """Load `banking77`, `starter`, a CSV or JSONL file, or a folder of such files.

    A folder holds train, test and perhaps valid (`.csv` or `.jsonl`). A single file, or a folder
    without a test file, is split by a fixed seed with every label in both parts.

    Raises `Unavailable` where a file or a download is missing and `UserError` where the content
    cannot be used; each is one line with the file and the row.
    """
    match spec:
        case "banking77":
            return load_banking77()
        case "starter":
            return load_starter()
    path = Path(spec)
    if path.is_dir():
        return _from_folder(path)
    if not path.exists():
        raise Unavailable(f"no data set {spec}: expected banking77, starter, a file or a folder")
    return _with_test_part(path.stem, read_examples(path))


def _from_folder(folder: Path) -> Dataset:
    parts = {
        part: [path for suffix in SUFFIXES if (path := folder / f"{part}{suffix}").is_file()]
        for part in ("train", "valid", "test")
    }
    if twice := [part for part, paths in parts.items() if len(paths) > 1]:
        raise UserError(f"{folder} has {twice[0]} both as .csv and as .jsonl: keep one")
    if not parts["train"]:
        raise UserError(f"{folder} has neither train.csv nor train.jsonl")
    train, validation, test = (read_examples(paths[0]) if paths else () for paths in parts.values())
    name = folder.resolve().name
    if not test:
        return _with_test_part(name, train, validation)
    return Dataset(name=name, train=train, validation=validation, test=test)


def _with_test_part(
    name: str, examples: tuple[Example, ...], validation: tuple[Example, ...] = ()
) -> Dataset:
    train, test = stratified_split(examples, share=TEST_SHARE, seed=SPLIT_SEED, least_kept=2)
    return Dataset(name=name, train=train, validation=validation, test=test)
