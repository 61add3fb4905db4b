"""The whole way from labelled tickets to a checked bundle; shows nothing but progress.

Fit, export, quantize, compare the two graphs, calibrate the one that ships, write the bundle,
and open it as a worker would.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from stream_app.bundle import (
    BundleError,
    Calibration,
    GoldenTicket,
    Label,
    Provenance,
    code_sha256,
    read_bundle,
    write_bundle,
)
from stream_app.errors import CheckFailed
from stream_app.inference import (
    SCOPE_OUTPUT,
    Encoder,
    open_classifier,
    softmax,
)
from stream_app.labelled_data import Dataset, Example, same_words, stratified_split
from training.architectures import Architecture
from training.architectures.contract import TextModel
from training.calibration import calibrate
from training.evidence import Evidence
from training.fit import Rows
from training.graph import GraphOutput, export_graph, run_graph
from training.heads import QUESTIONS, asked, attach_head, fit_head, head_rows, token_rows
from training.metrics import accuracy, expected_calibration_error, macro_f1, upper_bound
from training.neighbours import attach_neighbours, fit_weight, group_rows, squared_distances
from training.noise import augmented, training_noise
from training.progress import FitProgress
from training.quantize import quantize_graph
from training.recipe import Recipe
from training.scope import Unseen, attach_scope, fit_scope, whiten_embedding, whitening

LEAST_AGREEMENT = 0.97
"""int8 and float32 must give the same answer on this share of the unseen rows that float32 is sure
of, or quantization broke the model. Unsure rows are left out: a person reviews them whatever the
answer, and a model of few rows is at a near tie on many, where any rounding decides. A bundle is
refused where the share is lower beyond chance: with a few hundred rows, a sound model may show 95 %
by luck."""

SERVING_MAX_TOKENS = 256
"""Where serving cuts a ticket. Longer than in training: a long one may come to its point late."""

GOLDEN_TICKETS = 100
"""Upper limit, so that opening a bundle stays a matter of a fraction of a second."""

_LIBRARIES = (
    "torch",
    "transformers",
    "onnx",
    "onnxruntime",
    "tokenizers",
    "numpy",
    "scikit-learn",
    "scipy",
)


@dataclass(frozen=True, slots=True)
class Trained:
    """What `train_bundle` gives: the figures, and the answers that they were computed from."""

    report: TrainingReport
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What came of a training. Shares lie in 0..1.

    `rows` counts the rows that were fitted. The figures are measured on `measured_on`: the test
    part, or the held-out part where the data set has no test part.
    """

    bundle: str
    name: str
    version: str
    digest: str
    rows: int
    measured_on: Literal["test", "held_out"]
    measured_rows: int
    accuracy_fp32: float
    accuracy_int8: float
    agreement: float
    macro_f1: float
    ece: float
    temperature: float
    review_below: float
    out_of_scope_below: float
    seconds: float


def train_bundle(
    dataset: Dataset,
    labels: Sequence[Label],
    recipe: Recipe,
    *,
    architecture: Architecture,
    base_model: str | None,
    seed: int,
    name: str,
    store: Path,
    progress: FitProgress,
) -> Trained:
    """Train on `dataset` and write the bundle `store`/`name`-VERSION.

    `labels` place the data set's intents, in its order. Raises `UserError` where the base model
    is unusable, and `CheckFailed`, with nothing written, where int8 and float32 differ too often.
    """
    started = time.monotonic()
    created_at = datetime.now(UTC)
    # Before the fit: the files may be edited while it runs.
    code = code_sha256()
    fitted, held_out = dataset.train, dataset.validation
    if not held_out:
        fitted, held_out = stratified_split(fitted, share=recipe.held_out_share, seed=seed)
    held_out = unknown(held_out, fitted)
    with tempfile.TemporaryDirectory(prefix="tickets-train-") as workspace_name:
        workspace = Path(workspace_name)
        model = architecture.build(
            [example.text for example in fitted],
            recipe,
            base_model=base_model,
            intents=len(dataset.intents),
            seed=seed,
            workspace=workspace,
        )
        taught = fit_model(model, dataset, fitted, held_out, recipe, seed=seed, progress=progress)

        progress.step("exporting and quantizing")
        plain, quantized = workspace / "fp32.onnx", workspace / "int8.onnx"
        export_graph(model.network, plain)
        quantize_graph(plain, quantized)

        progress.step("running int8 and float32 on unseen rows")
        max_tokens = min(SERVING_MAX_TOKENS, model.max_tokens)
        unseen = (*held_out, *dataset.test)
        unseen_rows = _encode(model.tokenizer_path, unseen, max_tokens)
        unseen_targets = _targets(dataset, unseen)
        fitted_rows = _encode(model.tokenizer_path, fitted, max_tokens)
        fitted_targets = _targets(dataset, fitted)
        aside = slice(0, len(held_out))
        groups = group_rows(
            run_graph(quantized, fitted_rows).features, fitted_targets, intents=len(labels)
        )
        by_head = run_graph(quantized, unseen_rows[aside])
        weight = fit_weight(
            by_head.logits, squared_distances(by_head.features, groups), unseen_targets[aside]
        )
        for graph in (plain, quantized):
            attach_neighbours(graph, groups, weight)
        exact, shipped = run_graph(plain, unseen_rows), run_graph(quantized, unseen_rows)

        progress.step("calibrating")
        fitted_output = run_graph(quantized, fitted_rows)
        scope = fit_scope(
            fitted_output.features,
            fitted_targets,
            intents=len(labels),
            unseen=Unseen(
                by_head.features, shipped.logits[aside], squared_distances(by_head.features, groups)
            ),
        )
        attach_scope(quantized, scope)
        whiten_embedding(
            quantized, whitening(fitted_output.embedding, fitted_targets, intents=len(labels))
        )
        add_heads(quantized, model.tokenizer_path, max_tokens, taught=taught)
        calibration = calibrate(
            shipped.logits[aside],
            unseen_targets[aside],
            run_graph(quantized, unseen_rows[aside]).outputs[SCOPE_OUTPUT],
        )
        check_agreement(exact, shipped, calibration)

        measured = slice(len(held_out), None) if dataset.test else aside
        targets = unseen_targets[measured]
        evidence = Evidence(
            texts=tuple(example.text for example in unseen[measured]),
            tokens=np.array([len(row) for row in unseen_rows[measured]], dtype=np.intp),
            targets=targets,
            probabilities=softmax(shipped.logits[measured] / np.float32(calibration.temperature)),
            exact_answers=exact.answers[measured],
            int8_rows_per_second=len(unseen) / shipped.seconds,
            fp32_rows_per_second=len(unseen) / exact.seconds,
        )
        metrics = _metrics(evidence)

        bundle_version = free_version(store, name, created_at)
        folder = write_bundle(
            store / f"{name}-{bundle_version}",
            name=name,
            version=bundle_version,
            created_at=created_at,
            max_tokens=max_tokens,
            model_path=quantized,
            tokenizer_path=model.tokenizer_path,
            labels=labels,
            calibration=calibration,
            golden=_golden_tickets(
                dataset, fitted, fitted_output, fitted_targets, calibration.temperature
            ),
            provenance=Provenance(
                base_model=model.base_model,
                data=dataset.name,
                data_sha256=dataset.sha256,
                training_rows=len(fitted),
                seed=seed,
                recipe=recipe.as_record(),
                metrics=metrics,
                libraries={library: version(library) for library in _LIBRARIES},
                code_sha256=code,
            ),
        )
    report = TrainingReport(
        bundle=str(folder),
        name=name,
        version=bundle_version,
        digest=_open_as_worker(folder),
        rows=len(fitted),
        measured_on="test" if dataset.test else "held_out",
        measured_rows=len(targets),
        temperature=calibration.temperature,
        review_below=calibration.review_below,
        out_of_scope_below=calibration.out_of_scope_below,
        seconds=time.monotonic() - started,
        **metrics,
    )
    return Trained(report, evidence)


def fit_model(
    model: TextModel,
    dataset: Dataset,
    examples: Sequence[Example],
    held_out: Sequence[Example],
    recipe: Recipe,
    *,
    seed: int,
    progress: FitProgress,
) -> bool:
    """Fit `model` in place on `examples`, noised afresh for each epoch.

    `held_out` rows change nothing of it; `progress` measures on them after each epoch. Tells
    whether the encoder was taught what the heads ask.
    """
    encoder = Encoder(model.tokenizer_path, max_tokens=min(recipe.max_tokens, model.max_tokens))
    texts = [example.text for example in examples]
    noise = training_noise()

    def rows_of_epoch(epoch: int) -> Rows:
        if epoch == 0:
            return encoder.encode(texts)
        # Sampling needs repeatability, not secrecy.
        chance = random.Random(f"{seed}/{epoch}")  # noqa: S311
        return encoder.encode(augmented(texts, noise, share=recipe.noised_share, chance=chance))

    beside = round(recipe.asked_share * len(texts))
    taught = model.learns_answers and recipe.epochs > 0 and beside > 0
    progress.measure_on(
        encoder.encode([example.text for example in held_out]), _targets(dataset, held_out)
    )
    model.fit(
        rows_of_epoch,
        _targets(dataset, examples).tolist(),
        recipe,
        seed=seed,
        progress=progress,
        asked=asked(
            encoder,
            rows=beside,
            noised_share=recipe.noised_share,
            seed=seed,
            without={example.text for example in (*held_out, *dataset.test)},
        )
        if taught
        else None,
    )
    return taught


def add_heads(graph: Path, tokenizer_path: Path, max_tokens: int, *, taught: bool) -> None:
    """Fit the heads on the tokens of this tokenizer, and make them a part of `graph`.

    With `taught` the encoder has learned their questions, and they read its embedding too.
    """
    encoder = Encoder(tokenizer_path, max_tokens=max_tokens)
    row_of = token_rows(encoder)
    point_of = None
    if taught:
        embedding = run_graph(graph, list(row_of.values())).embedding
        point_of = dict(zip(row_of, embedding, strict=True))
    for question in QUESTIONS:
        head = fit_head(head_rows(question, row_of, point_of), vocabulary=encoder.vocabulary)
        attach_head(graph, head, question.output)


def unknown(held_out: Sequence[Example], fitted: Sequence[Example]) -> tuple[Example, ...]:
    """The `held_out` rows whose words no `fitted` row has; all of them where none is left.

    A model is surer of a text that it was fitted on than of any other, so that such rows would
    calibrate it too sure, or make a recipe that memorises look good. Case and spaces are nothing
    to most tokenizers.
    """
    seen = {same_words(example.text) for example in fitted}
    return tuple(row for row in held_out if same_words(row.text) not in seen) or tuple(held_out)


def free_version(store: Path, name: str, created_at: datetime) -> str:
    """The second of `created_at`, with a number behind it where another training took it."""
    second = created_at.strftime("%Y%m%dT%H%M%SZ")
    return next(
        version
        for version in chain([second], (f"{second}-{number}" for number in count(2)))
        if not (store / f"{name}-{version}").exists()
    )


def check_agreement(exact: GraphOutput, shipped: GraphOutput, calibration: Calibration) -> None:
    """Raise `CheckFailed` where the int8 graph `shipped` answers otherwise than `exact` too often.

    Both outputs are of the same rows.
    """
    confidence = softmax(exact.logits / np.float32(calibration.temperature)).max(axis=1)
    sure = confidence >= calibration.review_below
    if not sure.any():
        sure[:] = True
    agreement = accuracy(shipped.answers[sure], exact.answers[sure])
    if upper_bound(agreement, int(sure.sum())) < LEAST_AGREEMENT:
        raise CheckFailed(
            f"int8 and float32 agree on {agreement:.1%} of the {sure.sum()} unseen rows that "
            f"float32 is sure of, {LEAST_AGREEMENT:.0%} are needed: no bundle was written; train "
            "longer or on more rows"
        )


def _metrics(evidence: Evidence) -> dict[str, float]:
    """Quality of the shipped graph, and the float32 graph's to compare with."""
    return {
        "agreement": accuracy(evidence.answers, evidence.exact_answers),
        "accuracy_fp32": accuracy(evidence.exact_answers, evidence.targets),
        "accuracy_int8": accuracy(evidence.answers, evidence.targets),
        "macro_f1": macro_f1(evidence.answers, evidence.targets),
        "ece": expected_calibration_error(evidence.confidence, evidence.correct),
    }


def _encode(tokenizer_path: Path, examples: Sequence[Example], max_tokens: int) -> list[list[int]]:
    encoder = Encoder(tokenizer_path, max_tokens=max_tokens)
    return encoder.encode([example.text for example in examples])


def _targets(dataset: Dataset, examples: Sequence[Example]) -> npt.NDArray[np.intp]:
    index_of = {intent: index for index, intent in enumerate(dataset.intents)}
    return np.array([index_of[example.intent] for example in examples], dtype=np.intp)


def _golden_tickets(
    dataset: Dataset,
    examples: Sequence[Example],
    output: GraphOutput,
    targets: npt.NDArray[np.intp],
    temperature: float,
) -> list[GoldenTicket]:
    """For each intent the training row that the graph is surest of and right about, if any.

    Sure ones, because an answer near a boundary may flip on another processor although the graph
    is sound.
    """
    probabilities = softmax(output.logits / np.float32(temperature))
    right = output.answers == targets
    golden = []
    for label, intent in enumerate(dataset.intents):
        candidates = np.flatnonzero(right & (targets == label))
        if candidates.size:
            surest = candidates[probabilities[candidates, label].argmax()]
            golden.append(
                GoldenTicket(
                    text=examples[surest].text,
                    intent=intent,
                    confidence=float(probabilities[surest, label]),
                )
            )
    return golden[:GOLDEN_TICKETS]


def _open_as_worker(folder: Path) -> str:
    """Verify the bundle, run its golden tickets and return its digest; remove it on failure."""
    try:
        bundle = read_bundle(folder)
        open_classifier(bundle).close()
    except BundleError as error:
        shutil.rmtree(folder)
        raise CheckFailed(f"the new bundle does not open and was removed: {error}") from error
    return bundle.digest
