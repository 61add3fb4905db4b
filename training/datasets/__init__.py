"""Labelled tickets: reads them from wherever `--data` says; trains nothing."""

from training.datasets.dataset import Dataset, Example
from training.datasets.load import load_dataset
from training.datasets.split import stratified_split

__all__ = ["Dataset", "Example", "load_dataset", "stratified_split"]
