"""What more than one module of training tests needs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from training.starter_set import load_starter


@pytest.fixture(scope="module")
def few_intents(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tickets of the starter set for the module's `INTENTS` in one CSV file."""
    path = tmp_path_factory.mktemp("data") / "few.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "category"])
        writer.writerows(
            (example.text, example.intent)
            for example in load_starter().train
            if example.intent in request.module.INTENTS
        )
    return path
