"""Trains the models of `tickets demo`, and prints a JSON line with the bundle of each.

Both in one process, because importing the libraries takes longer than either fit. Run as
`python -m training.demo_models STORE NAME...`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from stream_app.errors import UserError
from training.command import make_writable
from training.plan import Changes, Plan
from training.progress import FitProgress
from training.starter_set import load_starter
from training.taxonomy import load_taxonomy
from training.train import train_bundle

MODELS: Mapping[str, Changes] = {"starter-few": {"held_out_share": 0.85}, "starter": {}}
"""What each model's recipe changes in the quick preset: the first learns from few rows.

From so few that the gate sees the second to be better on the 26 urgent rows of the test part: of a
model of half of the rows, those leave it open.
"""


def main() -> None:
    """Train the models that the command line names, in its order."""
    store, names = Path(sys.argv[1]), sys.argv[2:]
    dataset = load_starter()
    labels = load_taxonomy(None).labels(dataset.intents)
    try:
        make_writable(store)
        for name in names:
            plan = Plan("starter", quick=True, changes=MODELS[name])
            with FitProgress(Console(stderr=True)) as progress:
                trained = train_bundle(
                    dataset,
                    labels,
                    plan.recipe,
                    architecture=plan.kind,
                    base_model=plan.base_model,
                    seed=plan.seed,
                    name=name,
                    store=store,
                    progress=progress,
                )
            print(json.dumps({"name": name, "bundle": trained.report.bundle}), flush=True)  # noqa: T201
    except UserError as error:
        sys.exit(f"error: {error.message}")


if __name__ == "__main__":
    main()
