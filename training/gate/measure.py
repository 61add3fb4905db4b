"""Measures bundles for the gate with the classifier that serves; judges nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
import numpy.typing as npt

from schemas import Priority
from stream_app.bundle import Bundle, Calibration
from stream_app.errors import CheckFailed, UserError
from stream_app.guardrails import learned_urgency, validate
from stream_app.guardrails.learned import LearnedThresholds
from stream_app.inference import OnnxClassifier, Prediction, open_classifier
from stream_app.labelled_data import Example
from stream_app.labelled_data.dataset import rows_sha256
from stream_app.routing import Routing, load_policy
from training.gate.evaluation import Evaluation, GateRows, Mask
from training.noise import NOISE_SEED, noised_test

LENGTH_SLICES = ("short", "medium", "long")
"""Thirds of the rows by number of characters."""

TIMED_ROWS = 256
TIMED_ROUNDS = 9
"""Each round takes both models in turn, so that a busy time of the machine meets both."""


def measure(
    candidate: Bundle,
    champion: Bundle | None,
    examples: Sequence[Example],
    *,
    data: str,
    outside: Sequence[str] | None = None,
    on_progress: Callable[[str], None] = lambda line: None,
) -> tuple[Evaluation, Evaluation | None]:
    """Both models on the same rows, their noised copy and the texts `outside` the scope.

    `data` names the rows in reports. Raises `UserError` where there is no row, `BundleError` where
    a bundle does not serve, and `CheckFailed` where one answers with what is no number.
    """
    if not examples:
        raise UserError(f"{data} has no test rows to judge by")
    bundles = [bundle for bundle in (candidate, champion) if bundle is not None]
    rows = _gate_rows(bundles, examples, data)
    noised = [example.text for example in noised_test(examples, NOISE_SEED)]
    texts = [example.text for example in examples]
    with ExitStack() as opened:
        classifiers = [opened.enter_context(_classifier(bundle)) for bundle in bundles]
        evaluations = []
        on_progress(f"timing on {min(TIMED_ROWS, len(texts))} tickets")
        rounds = _timed_rounds(classifiers, texts)
        for bundle, classifier, times in zip(bundles, classifiers, rounds, strict=True):
            on_progress(
                f"measuring {_name(bundle)} on {len(texts):,} tickets and their noised copy"
            )
            said, said_noised = classifier.classify(texts), classifier.classify(noised)
            said_outside = classifier.classify(outside) if outside else None
            _check_numbers(bundle, [*said, *said_noised, *(said_outside or ())])
            routed = _routed(said, bundle.calibration)
            evaluations.append(
                Evaluation(
                    model=_name(bundle),
                    digest=bundle.reference.digest,
                    rows=rows,
                    labels=frozenset(label.intent for label in bundle.labels),
                    urgent=frozenset(
                        label.intent for label in bundle.labels if label.priority is Priority.HIGH
                    ),
                    categories={label.intent: label.category for label in bundle.labels},
                    heads=_heads(said),
                    mute_heads=_mute_heads(said),
                    answers=_indices(rows.intents, (each.label.intent for each in said)),
                    confidence=_array(each.confidence for each in said),
                    noised_answers=_indices(
                        rows.intents, (each.label.intent for each in said_noised)
                    ),
                    scope_inside=_scope_scores(said),
                    scope_outside=_scope_scores(said_outside) if said_outside else None,
                    told_urgent=np.array([each.urgent for each in routed]),
                    to_review=np.array([each.needs_review for each in routed]),
                    size_mb=sum(file.bytes for file in bundle.manifest.files.values()) / 1e6,
                    ms_per_ticket=times,
                )
            )
    return evaluations[0], evaluations[1] if champion is not None else None


def _gate_rows(bundles: Sequence[Bundle], examples: Sequence[Example], data: str) -> GateRows:
    known = {label.intent for bundle in bundles for label in bundle.labels}
    intents = tuple(sorted(known | {example.intent for example in examples}))
    # The champion, which comes last, names the categories: a candidate must not choose its slices.
    category_of = {label.intent: label.category for label in bundles[-1].labels}
    slices = dict(_category_slices(examples, category_of)) | dict(_length_slices(examples))
    return GateRows(
        data=data,
        sha256=rows_sha256(examples),
        intents=intents,
        targets=_indices(intents, (example.intent for example in examples)),
        slices=slices,
    )


def _category_slices(
    examples: Sequence[Example], category_of: Mapping[str, str]
) -> Iterator[tuple[str, Mask]]:
    categories = [category_of.get(example.intent) for example in examples]
    for category in sorted({each for each in categories if each is not None}):
        yield category, np.array([each == category for each in categories])


def _length_slices(examples: Sequence[Example]) -> Iterator[tuple[str, Mask]]:
    lengths = np.array([len(example.text) for example in examples])
    third = np.searchsorted(np.quantile(lengths, [1 / 3, 2 / 3]), lengths)
    for number, name in enumerate(LENGTH_SLICES):
        if (third == number).any():
            yield f"{name} texts", third == number


@contextmanager
def _classifier(bundle: Bundle) -> Iterator[OnnxClassifier]:
    classifier = open_classifier(bundle)
    try:
        yield classifier
    finally:
        classifier.close()


def _timed_rounds(
    classifiers: Sequence[OnnxClassifier], texts: Sequence[str]
) -> list[tuple[float, ...]]:
    """Milliseconds a ticket in each round, for each classifier."""
    step = -(-len(texts) // TIMED_ROWS)
    sample = texts[::step]
    times: list[list[float]] = [[] for _ in classifiers]
    for classifier in classifiers:
        classifier.classify(sample)
    for number in range(TIMED_ROUNDS):
        # Turns the order round each time: the first of a pair may find other caches.
        order = range(len(classifiers))
        for index in order if number % 2 == 0 else reversed(order):
            began = time.perf_counter()
            classifiers[index].classify(sample)
            times[index].append((time.perf_counter() - began) * 1e3 / len(sample))
    return [tuple(each) for each in times]


def _name(bundle: Bundle) -> str:
    return f"{bundle.manifest.name} {bundle.manifest.version}"


def _indices(intents: Sequence[str], wanted: Iterator[str]) -> npt.NDArray[np.intp]:
    index_of = {intent: index for index, intent in enumerate(intents)}
    return np.array([index_of[intent] for intent in wanted], dtype=np.intp)


def _check_numbers(bundle: Bundle, said: Sequence[Prediction]) -> None:
    """What is no number is in no order: as a score it would look like a perfect one."""
    broken = sum(
        not (math.isfinite(each.confidence) and math.isfinite(each.scope_score)) for each in said
    )
    if broken:
        raise CheckFailed(
            f"{_name(bundle)} cannot be judged: of {len(said):,} answers {broken:,} have a "
            "confidence or a scope score that is no number"
        )


def _routed(said: Sequence[Prediction], calibration: Calibration) -> list[Routing]:
    """Where each row would go by what the model says of it, with the thresholds and the policy
    that are shipped; its text, which is the same for every model, is asked nothing."""
    policy, thresholds = load_policy(), LearnedThresholds()
    return [
        policy.route(
            (
                *learned_urgency(each.urgency or 0.0, (), thresholds),
                *validate(
                    confidence=each.confidence,
                    scope_score=each.scope_score,
                    calibration=calibration,
                ),
            ),
            base_priority=each.label.priority,
            high_priority_probability=sum(
                probability for label, probability in each.top if label.priority is Priority.HIGH
            ),
            urgency_told=each.urgency is not None,
        )
        for each in said
    ]


def _mute_heads(said: Sequence[Prediction]) -> frozenset[str]:
    """The heads that answer the same whatever they are asked."""
    return frozenset(
        name for name in _heads(said) if len({getattr(each, name) for each in said}) == 1
    )


def _heads(said: Sequence[Prediction]) -> frozenset[str]:
    """The questions beside the intent that a model answers."""
    return frozenset(
        name
        for name in ("urgency", "trouble", "abuse")
        if said and getattr(said[0], name) is not None
    )


def _array(values: Iterator[float]) -> npt.NDArray[np.float32]:
    return np.array(list(values), dtype=np.float32)


def _scope_scores(predictions: Sequence[Prediction]) -> npt.NDArray[np.float32]:
    return _array(prediction.scope_score for prediction in predictions)
