"""Trains the full recipe over some seeds and measures how right it is, noised or not, and in scope.

- clean: Banking77's test set, as it is, through the classifier that the worker runs;
- noised: the same tickets, each with noise drawn from wording that training never saw;
- the kinds of noise that training never saw, each alone on every ticket;
- out of scope: a model of 50 intents against the test rows of the other 27, and the full model
  against CLINC150's out-of-domain queries (`oos/clinc_ood_oos_test.csv` in TICKETS_DATA_DIR). The
  former learns nothing beside its rows: the heads' tickets are about some of the 27.

Run `python -m benchmarks.accuracy`. Bundles that are in --work already, made by the same code and
recipe from the same data, are measured and not trained again. Prints a table and writes
benchmarks/results/accuracy.json.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path
from rich.console import Console
from rich.table import Table

from benchmarks.intent_split import split_by_intent
from benchmarks.kept_bundles import keep, kept
from benchmarks.machine import circumstances
from stream_app.bundle import list_bundles, read_bundle
from stream_app.inference import Classifier, Prediction, open_classifier
from stream_app.inference.cores import usable_cores
from stream_app.labelled_data import Dataset, Example, load_dataset, load_test_rows
from training.metrics import (
    accuracy_at_coverage,
    area_under_roc,
    expected_calibration_error,
    roc_curve,
)
from training.noise import KEPT_OUT, noised_test
from training.recipe import FULL, Recipe

RESULTS = Path(__file__).parent / "results" / "accuracy.json"
NOISE_SEED = 20_260
COVERAGE = 0.9
IN_SCOPE_KEPT = 0.95


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table: a figure over the seeds and what is wanted of it."""

    name: str
    values: tuple[float, ...]
    wanted: str
    met: Callable[[float], bool]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return statistics.fmean(self.values)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds; 0 for one."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0


ROWS_ALONE = replace(FULL, asked_share=0.0)


class Job(NamedTuple):
    """A data set, and the seed and recipe to train on it with."""

    dataset: Dataset
    seed: int
    recipe: Recipe


class Made(NamedTuple):
    """A bundle and the minutes that its training took."""

    bundle: Path
    minutes: float


def main() -> None:
    """Run the benchmark as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 11, 13])
    parser.add_argument(
        "--work",
        type=Path,
        default=user_cache_path("ticket-stream") / "accuracy",
        help="folder of the trained bundles",
    )
    arguments = parser.parse_args()
    banking77 = load_dataset("banking77")
    known, unknown = split_by_intent(banking77)
    seeds = list(dict.fromkeys(arguments.seeds))
    jobs = [Job(banking77, seed, FULL) for seed in seeds] + [Job(known, seeds[0], ROWS_ALONE)]
    *bundles, of_known = _trained(jobs, arguments.work)
    figures = [
        *_in_scope_figures([measure(made.bundle, banking77.test) for made in bundles]),
        *_scope_figures(
            "27 unknown intents",
            [scope(of_known.bundle, known, unknown)],
            least_auroc=0.90,
            most_fpr95=0.35,
        ),
    ]
    if outside := _clinc():
        figures += _scope_figures(
            "CLINC150",
            [scope(made.bundle, banking77, outside) for made in bundles],
            least_auroc=0.995,
            most_fpr95=0.02,
        )
    _show(figures)
    RESULTS.parent.mkdir(exist_ok=True)
    report = {
        **circumstances(),
        "seeds": seeds,
        "recipe": FULL.as_record(),
        "minutes_per_training": [round(made.minutes, 1) for made in (*bundles, of_known)],
        "trainings_at_a_time": _at_a_time(jobs),
        "figures": {
            figure.name: {
                "mean": round(figure.mean, 4),
                "spread": round(figure.spread, 4),
                "values": [round(value, 4) for value in figure.values],
                "wanted": figure.wanted,
                "met": figure.met(figure.mean),
            }
            for figure in figures
        },
    }
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")


@dataclass(frozen=True, slots=True)
class Measured:
    """One bundle on the test set. Shares lie in 0..1."""

    clean: float
    noised: float
    kept_out: dict[str, float]
    float32: float
    agreement: float
    calibration_error: float
    at_coverage: float


def measure(folder: Path, rows: Sequence[Example]) -> Measured:
    """Answer `rows` and their noised copies with the bundle in `folder`, as a worker would."""
    bundle = read_bundle(folder)
    classifier = open_classifier(bundle)
    predictions = classifier.classify([row.text for row in rows])
    confidence = np.array([each.confidence for each in predictions], dtype=np.float32)
    correct = _correct(predictions, rows)
    figures = Measured(
        clean=float(correct.mean()),
        noised=_share_right(classifier, noised_test(rows, NOISE_SEED)),
        kept_out={
            kind: _share_right(classifier, noised_test(rows, NOISE_SEED, kind)) for kind in KEPT_OUT
        },
        float32=bundle.manifest.provenance.metrics["accuracy_fp32"],
        agreement=bundle.manifest.provenance.metrics["agreement"],
        calibration_error=expected_calibration_error(confidence, correct),
        at_coverage=accuracy_at_coverage(confidence, correct, COVERAGE),
    )
    classifier.close()
    return figures


def scope(folder: Path, known: Dataset, unknown: Sequence[Example]) -> tuple[float, float]:
    """`(AUROC, FPR95)` of the scope score: test rows of `known` against `unknown`."""
    classifier = open_classifier(read_bundle(folder))
    texts = [row.text for row in (*known.test, *unknown)]
    scores = np.array([each.scope_score for each in classifier.classify(texts)], dtype=np.float32)
    classifier.close()
    inside = np.arange(len(texts)) < len(known.test)
    false, true = roc_curve(scores, inside)
    # The first threshold that keeps 95 % of what is in scope.
    return area_under_roc(scores, inside), float(false[np.argmax(true >= IN_SCOPE_KEPT)])


def _in_scope_figures(measured: Sequence[Measured]) -> list[Figure]:
    def figure(
        name: str, value: Callable[[Measured], float], wanted: str, met: Callable[[float], bool]
    ) -> Figure:
        return Figure(name, tuple(value(each) for each in measured), wanted, met)

    return [
        figure("accuracy", lambda m: m.clean, "0.946 or more", lambda v: v >= 0.946),
        figure("accuracy, noised", lambda m: m.noised, "", lambda _: True),
        figure(
            "lost to noise", lambda m: m.clean - m.noised, "0.040 or less", lambda v: v <= 0.040
        ),
        *(
            figure(
                f"lost to {kind} (not trained on)",
                lambda m, kind=kind: m.clean - m.kept_out[kind],  # type: ignore[misc]
                "0.015 or less",
                lambda v: v <= 0.015,
            )
            for kind in KEPT_OUT
        ),
        figure(
            "lost to int8", lambda m: m.float32 - m.clean, "0.001 or less", lambda v: v <= 0.001
        ),
        figure(
            "int8 agrees with float32",
            lambda m: m.agreement,
            "0.995 or more",
            lambda v: v >= 0.995,
        ),
        figure(
            "calibration error (15 bins)",
            lambda m: m.calibration_error,
            "0.015 or less",
            lambda v: v <= 0.015,
        ),
        figure(
            "accuracy at 90 % coverage",
            lambda m: m.at_coverage,
            "0.980 or more",
            lambda v: v >= 0.980,
        ),
    ]


def _scope_figures(
    name: str,
    scores: Sequence[tuple[float, float]],
    *,
    least_auroc: float,
    most_fpr95: float,
) -> list[Figure]:
    return [
        Figure(
            f"{name}: AUROC",
            tuple(auroc for auroc, _ in scores),
            f"{least_auroc} or more",
            lambda value: value >= least_auroc,
        ),
        Figure(
            f"{name}: FPR95",
            tuple(fpr95 for _, fpr95 in scores),
            f"{most_fpr95} or less",
            lambda value: value <= most_fpr95,
        ),
    ]


def _trained(jobs: Sequence[Job], work: Path) -> list[Made]:
    """The bundles of the jobs in `work`, trained now where they are not there, in their order.

    As many trainings at a time as there are cores, which share them evenly: on two cores, four of
    one thread each take three quarters of the time that they take one after the other with two.
    """
    at_a_time = _at_a_time(jobs)
    threads = max(1, usable_cores() // at_a_time)
    with ThreadPoolExecutor(at_a_time) as pool:
        trainings = [pool.submit(_kept_or_trained, job, work, threads) for job in jobs]
        return [training.result() for training in trainings]


def _at_a_time(jobs: Sequence[Job]) -> int:
    return min(len(jobs), usable_cores())


def _kept_or_trained(job: Job, work: Path, threads: int) -> Made:
    dataset, seed, recipe = job
    store = work / f"{dataset.name}-seed{seed}"
    found = kept(store, dataset, recipe, seed)
    if found is not None:
        return Made(*found)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tickets-accuracy-") as folder_name:
        data = Path(folder_name) / dataset.name
        data.mkdir()
        _write(data / "train.csv", dataset.train)
        _write(data / "test.csv", dataset.test)
        command = ["train", "--data", str(data), "--seed", str(seed), "--out", str(store)]
        if not recipe.asked_share:
            command += ["--set", "asked_share=0"]
        subprocess.run(
            [sys.executable, "-m", "stream_app", *command, "--no-track", "--json"],
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    made = Made(list_bundles(store)[-1], (time.monotonic() - started) / 60)
    keep(made.bundle, made.minutes)
    return made


def _write(path: Path, rows: Sequence[Example]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "intent"])
        writer.writerows([row.text, row.intent] for row in rows)


def _clinc() -> tuple[Example, ...]:
    data_dir = os.environ.get("TICKETS_DATA_DIR")
    path = Path(data_dir) / "oos" / "clinc_ood_oos_test.csv" if data_dir else None
    return load_test_rows(str(path)) if path and path.is_file() else ()


def _correct(predictions: Sequence[Prediction], rows: Sequence[Example]) -> npt.NDArray[np.bool_]:
    return np.array(
        [each.label.intent == row.intent for each, row in zip(predictions, rows, strict=True)]
    )


def _share_right(classifier: Classifier, rows: Sequence[Example]) -> float:
    return float(_correct(classifier.classify([row.text for row in rows]), rows).mean())


def _show(figures: Sequence[Figure]) -> None:
    table = Table("", "mean", "spread", "wanted", "", title_justify="left")
    for figure in figures:
        table.add_row(
            figure.name,
            f"{figure.mean:.4f}",
            f"{figure.spread:.4f}",
            figure.wanted,
            ("met" if figure.met(figure.mean) else "missed") if figure.wanted else "",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
