"""Labelled tickets: finds and reads them, for training and for replays; trains nothing."""

from stream_app.labelled_data.dataset import Dataset, Example
from stream_app.labelled_data.load import load_dataset, load_test_part, load_test_rows
from stream_app.labelled_data.split import same_words, split_by_text, stratified_split

__all__ = [
    "Dataset",
    "Example",
    "load_dataset",
    "load_test_part",
    "load_test_rows",
    "same_words",
    "split_by_text",
    "stratified_split",
]
