"""Turns the name or path that the user gave into a data set, or into the rows of a replay."""

from __future__ import annotations

from pathlib import Path

from stream_app.errors import Unavailable, UserError
from stream_app.labelled_data.banking77 import load_banking77
from stream_app.labelled_data.dataset import Dataset, Example
from stream_app.labelled_data.files import SUFFIXES, read_examples
from stream_app.labelled_data.split import split_by_text

TEST_SHARE = 0.15
"""How much of a file without a split of its own becomes the test part."""


def load_dataset(spec: str) -> Dataset:
    """Load `banking77`, a CSV or JSONL file, or a folder of such files.

    A folder holds train, test and perhaps valid (`.csv` or `.jsonl`), or one such file under any
    name. Without a test file the training rows are split by what their texts are
    (`split_by_text`). A split that comes with the data is left as it is, also where rows of one
    part stand in another.

    Raises `Unavailable` where a file or a download is missing and `UserError` where the content
    cannot be used; each is one line with the file and the row.
    """
    if spec == "banking77":
        return load_banking77()
    path = Path(spec)
    if path.is_dir():
        return _from_folder(path)
    if not path.exists():
        raise Unavailable(
            f"no data set {spec}: expected banking77, a file or a folder "
            "(to train on also starter or toxicity)"
        )
    return _with_test_part(path.stem, read_examples(path))


def load_test_rows(spec: str) -> tuple[Example, ...]:
    """The rows to measure with: the test part of a data set, or all rows of a single file.

    A folder without a train file is measured with by its test file, if it has one. Raises as
    `load_dataset` does.
    """
    path = Path(spec)
    if path.is_file():
        return read_examples(path)
    if path.is_dir():
        parts = _parts(path)
        if parts["test"] and not parts["train"]:
            return read_examples(parts["test"][0])
    return load_dataset(spec).test


def load_test_part(path: Path) -> tuple[Example, ...]:
    """The rows of a single file that no training on it fits, also if none is possible.

    Raises as `read_examples` does.
    """
    return _split(read_examples(path))[1]


def _parts(folder: Path) -> dict[str, list[Path]]:
    """The files of each part that the folder names so, one at most."""
    parts = {
        part: [path for suffix in SUFFIXES if (path := folder / f"{part}{suffix}").is_file()]
        for part in ("train", "valid", "test")
    }
    if twice := [part for part, paths in parts.items() if len(paths) > 1]:
        raise UserError(f"{folder} has {twice[0]} both as .csv and as .jsonl: keep one")
    return parts


def _from_folder(folder: Path) -> Dataset:
    parts = _parts(folder)
    if not parts["train"]:
        only = [path for path in folder.iterdir() if path.suffix in SUFFIXES]
        if len(only) != 1 or parts["test"] or parts["valid"]:
            raise UserError(f"{folder} has neither train.csv nor train.jsonl")
        return _with_test_part(folder.resolve().name, read_examples(only[0]))
    train, validation, test = (read_examples(paths[0]) if paths else () for paths in parts.values())
    name = folder.resolve().name
    if not test:
        return _with_test_part(name, train, validation)
    return Dataset(name=name, train=train, validation=validation, test=test)


def _with_test_part(
    name: str, examples: tuple[Example, ...], validation: tuple[Example, ...] = ()
) -> Dataset:
    train, test = _split(examples)
    return Dataset(name=name, train=train, validation=validation, test=test)


def _split(
    examples: tuple[Example, ...],
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    return split_by_text(examples, share=TEST_SHARE, least_kept=2)
