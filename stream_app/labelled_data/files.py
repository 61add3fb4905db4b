"""Reads labelled rows from one CSV or JSONL file; says file and row of whatever is wrong."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from stream_app.errors import Unavailable, UserError
from stream_app.labelled_data.dataset import Example

TEXT_COLUMNS = ("text", "utterance")
LABEL_COLUMNS = ("intent", "category", "label", "type")
"""Column names in order of preference; files with both `intent` and `category` exist, and there
`category` is the coarser one."""

SUFFIXES = (".csv", ".jsonl")


def read_examples(path: Path) -> tuple[Example, ...]:
    """All rows of a `.csv` or `.jsonl` file.

    Raises `Unavailable` where the file cannot be read and `UserError` where it is not UTF-8, has
    another suffix, lacks a text or label column, or has a row with an empty text or label or one
    with half a surrogate pair, which JSON's escapes allow.
    """
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unavailable(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8: byte {error.start} cannot be decoded") from error
    match path.suffix.lower():
        case ".csv":
            rows = parse_csv(content, source=str(path))
        case ".jsonl":
            rows = parse_jsonl(content, source=str(path))
        case _:
            raise UserError(f"{path}: expected a .csv or .jsonl file, or a folder of them")
    examples = tuple(rows)
    if not examples:
        raise UserError(f"{path} holds no rows")
    return examples


def parse_csv(content: str, *, source: str) -> Iterator[Example]:
    """The rows of a CSV text with a header line; fields may hold line breaks.

    Raises `UserError`, its message starting with `source`, as `read_examples` does.
    """
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    try:
        columns = reader.fieldnames or ()
        text_column = _column(columns, TEXT_COLUMNS, source)
        label_column = _column(columns, LABEL_COLUMNS, source)
        for number, row in enumerate(reader, start=1):
            yield _example(row.get(text_column), row.get(label_column), f"{source} row {number}")
    except csv.Error as error:
        raise UserError(f"{source} line {reader.line_num}: no valid CSV: {error}") from error


def parse_jsonl(content: str, *, source: str) -> Iterator[Example]:
    """The rows of a text with one JSON object a line; blank lines are passed over.

    Raises `UserError`, its message starting with `source`, as `read_examples` does.
    """
    # Not splitlines: U+2028 and its kin are plain characters inside a JSON string.
    for number, line in enumerate(content.split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{source} line {number}"
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise UserError(f"{place}: no valid JSON: {error}") from error
        if not isinstance(row, dict):
            raise UserError(f"{place}: expected a JSON object")
        text_column = _column(row, TEXT_COLUMNS, place)
        label_column = _column(row, LABEL_COLUMNS, place)
        yield _example(row[text_column], row[label_column], place)


def _column(columns: Iterable[str], wanted: tuple[str, ...], place: str) -> str:
    by_name = {column.strip().lower(): column for column in columns}
    for name in wanted:
        if name in by_name:
            return by_name[name]
    found = ", ".join(by_name) or "none"
    raise UserError(f"{place}: needs a column named {' or '.join(wanted)} (found: {found})")


def _example(text: object, label: object, place: str) -> Example:
    for value, what in ((text, "text"), (label, "label")):
        if value is not None and not isinstance(value, str):
            raise UserError(f"{place}: the {what} is not a string")
        if value is None or not value.strip():
            raise UserError(f"{place}: the {what} is empty")
        if not _is_encodable(value):
            raise UserError(f"{place}: the {what} holds half a surrogate pair")
    return Example(text=str(text), intent=str(label).strip())


def _is_encodable(value: str) -> bool:
    """Whether `value` is text that exists in UTF-8: no tokenizer takes any other."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
