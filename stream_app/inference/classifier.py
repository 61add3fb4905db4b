"""The served model: a verified bundle, one ONNX Runtime session and the lanes that run it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from schemas import ModelReference
from stream_app.bundle import Bundle, BundleError, Calibration, FileDigest, Label
from stream_app.bundle.manifest import TOKENIZER_FILE
from stream_app.inference.batching import cut_by_padded_tokens
from stream_app.inference.cores import usable_cores
from stream_app.inference.encoder import Encoder, pad

# The library has a telemetry client of its own; customers' text is near it.
ort.disable_telemetry_events()

ALTERNATIVES = 3
"""How many of the most likely intents a prediction names."""

LOGITS_OUTPUT = "logits"
"""Output of every graph: one score a label."""

SCOPE_OUTPUT = "scope"
"""Output of every graph: how sure it is that the ticket has one of its intents at all, higher for
surer."""

URGENCY_OUTPUT = "urgency"
TROUBLE_OUTPUT = "trouble"
ABUSE_OUTPUT = "abuse"
"""Outputs of a graph that also tells how likely a ticket is urgent, how likely something is wrong
for the customer where it is not, and how likely the ticket abuses somebody. A graph may lack
them."""

_HEADS = (URGENCY_OUTPUT, TROUBLE_OUTPUT, ABUSE_OUTPUT)

_Outputs = dict[str, npt.NDArray[np.float32]]
"""Of one batch, by name: `LOGITS_OUTPUT` of shape (rows, labels), every other one of (rows,)."""

GOLDEN_TOLERANCE = 0.1
"""How far a golden ticket's confidence may be off on another processor.

Floating-point sums differ between processors and thereby the int8 steps behind them, which moves
probabilities by a few hundredths; a wrong graph or tokenizer moves them far more.
"""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one ticket.

    `top` holds the `ALTERNATIVES` most likely labels with their calibrated probabilities, best
    first. `scope_score` says how likely the ticket has any of the model's intents: the higher, the
    likelier.
    `urgency` is the probability that the ticket is urgent, `trouble` that something is wrong for
    the customer if it is not, `abuse` that it abuses somebody; None where the model does not tell.
    """

    top: tuple[tuple[Label, float], ...]
    scope_score: float
    urgency: float | None
    trouble: float | None
    abuse: float | None

    @property
    def label(self) -> Label:
        """The most likely label."""
        return self.top[0][0]

    @property
    def confidence(self) -> float:
        """Its calibrated probability."""
        return self.top[0][1]


class Classifier(Protocol):
    """What triage needs of a model."""

    @property
    def reference(self) -> ModelReference:
        """Name, version and digest for the decisions."""

    @property
    def calibration(self) -> Calibration:
        """The thresholds that belong to its scores."""

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text, in order. Blocks; call it off the event loop."""


class OnnxClassifier:
    """A bundle that serves.

    One session is shared by `lanes` threads, each running single-threaded batches: on two cores
    small sorted batches on two lanes beat one session with two threads (see docs/performance.md).
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        lanes: int = 0,
        max_padded_tokens: int = 1_024,
        max_rows: int = 16,
        like: OnnxClassifier | None = None,
    ) -> None:
        """Open the session; `lanes` 0 takes one for each usable core.

        Shares the tokenizer of `like` where both bundles have the same: to read one takes 32 ms
        with the interpreter's lock held, in which a running stream would stand still.

        Raises `BundleError` where ONNX Runtime cannot load the graph or it has other inputs or
        outputs than a bundle's, or outputs that do not fit its labels.
        """
        self._bundle = bundle
        self._max_padded_tokens = max_padded_tokens
        self._max_rows = max_rows
        shared = like is not None and _tokenizer_of(bundle) == _tokenizer_of(like._bundle)
        self._encoder: Encoder = (
            like._encoder if like is not None and shared else _open_encoder(bundle)
        )
        self._session = _open_session(bundle)
        outputs = {node.name for node in self._session.get_outputs()}
        self._heads = [name for name in _HEADS if name in outputs]
        self._lanes = ThreadPoolExecutor(
            max_workers=lanes or usable_cores(), thread_name_prefix="lane"
        )

    @property
    def reference(self) -> ModelReference:
        """Name, version and digest of the bundle."""
        return self._bundle.reference

    @property
    def calibration(self) -> Calibration:
        """The bundle's thresholds."""
        return self._bundle.calibration

    @property
    def intents(self) -> frozenset[str]:
        """Every intent that it can answer."""
        return frozenset(label.intent for label in self._bundle.labels)

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction a text, in order; blocks until all lanes are done.

        Raises whatever ONNX Runtime raises: such a failure is the worker's, not a ticket's.
        """
        rows = self._encoder.encode(texts)
        batches = self._batches(rows)
        predictions: list[Prediction | None] = [None] * len(rows)
        # The longest batches go first so that no lane is left alone with one at the end.
        jobs = [
            (batch, self._lanes.submit(self._run, [rows[index] for index in batch]))
            for batch in reversed(batches)
        ]
        for batch, job in jobs:
            for index, prediction in zip(batch, job.result(), strict=True):
                predictions[index] = prediction
        return [prediction for prediction in predictions if prediction is not None]

    def check_golden_tickets(self) -> None:
        """Run the bundle's golden tickets, in batches in the calling thread, and compare.

        Not on the lanes: their threads come into being with the first batch, at the priority of
        the thread that hands it in, and this call may be made at a low one.

        Raises `BundleError` where an output has another shape than triage takes or holds what is no
        number, and where an answer differs in intent, or in confidence by more than
        `GOLDEN_TOLERANCE`.
        """
        golden = self._bundle.golden
        rows = self._encoder.encode([ticket.text for ticket in golden])
        for batch in self._batches(rows):
            outputs = self._outputs([rows[index] for index in batch])
            self._check_outputs(outputs, len(batch))
            for index, prediction in zip(batch, self._predictions(outputs), strict=True):
                self._check_golden(index, prediction)

    def close(self) -> None:
        """End the lanes: running batches finish, waiting ones are cancelled.

        A `classify` that still waits for one of those raises `CancelledError`.
        """
        self._lanes.shutdown(cancel_futures=True)

    def _batches(self, rows: Sequence[Sequence[int]]) -> list[list[int]]:
        return cut_by_padded_tokens(
            [len(row) for row in rows],
            max_padded_tokens=self._max_padded_tokens,
            max_rows=self._max_rows,
        )

    def _check_outputs(self, outputs: _Outputs, rows: int) -> None:
        """What the graph declares does not bind it, and a run with a wrong shape may still pass."""
        folder = self._bundle.model_path.parent
        for name, values in outputs.items():
            shape = (rows, len(self._bundle.labels)) if name == LOGITS_OUTPUT else (rows,)
            if values.shape != shape:
                raise BundleError(
                    f"bundle {folder}: output {name} has shape {values.shape} for {rows} golden "
                    f"tickets, a bundle's has {shape}"
                )
            if not np.isfinite(values).all():
                raise BundleError(
                    f"bundle {folder}: output {name} holds what is no number for a golden ticket"
                )

    def _check_golden(self, index: int, prediction: Prediction) -> None:
        ticket = self._bundle.golden[index]
        off = abs(prediction.confidence - ticket.confidence)
        # Not `off > GOLDEN_TOLERANCE`, which is false where the confidence is no number.
        if prediction.label.intent != ticket.intent or not off <= GOLDEN_TOLERANCE:
            raise BundleError(
                f"bundle {self._bundle.model_path.parent}: golden ticket {index + 1} should be "
                f"{ticket.intent} at {ticket.confidence:.2f} and is "
                f"{prediction.label.intent} at {prediction.confidence:.2f}"
            )

    def _run(self, rows: list[list[int]]) -> list[Prediction]:
        return self._predictions(self._outputs(rows))

    def _outputs(self, rows: list[list[int]]) -> _Outputs:
        input_ids, attention_mask = pad(rows)
        names = [LOGITS_OUTPUT, SCOPE_OUTPUT, *self._heads]
        values = self._session.run(
            names, {"input_ids": input_ids, "attention_mask": attention_mask}
        )
        return dict(zip(names, values, strict=True))

    def _predictions(self, outputs: _Outputs) -> list[Prediction]:
        probabilities = softmax(outputs[LOGITS_OUTPUT] / self._bundle.calibration.temperature)
        heads = {name: outputs[name].tolist() for name in self._heads}
        untold = [None] * len(probabilities)
        labels = self._bundle.labels
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :ALTERNATIVES]
        return [
            Prediction(
                top=tuple(
                    (labels[column], probability)
                    for column, probability in zip(columns, row, strict=True)
                ),
                scope_score=scope,
                urgency=urgency,
                trouble=trouble,
                abuse=abuse,
            )
            for columns, row, scope, urgency, trouble, abuse in zip(
                best.tolist(),
                np.take_along_axis(probabilities, best, axis=1).tolist(),
                outputs[SCOPE_OUTPUT].tolist(),
                heads.get(URGENCY_OUTPUT, untold),
                heads.get(TROUBLE_OUTPUT, untold),
                heads.get(ABUSE_OUTPUT, untold),
                strict=True,
            )
        ]


def softmax(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Probabilities along the last axis; shifted by the maximum so that nothing overflows."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    normalised: npt.NDArray[np.float32] = shifted / shifted.sum(axis=-1, keepdims=True)
    return normalised


def open_classifier(
    bundle: Bundle,
    *,
    lanes: int = 0,
    max_padded_tokens: int = 1_024,
    max_rows: int = 16,
    like: OnnxClassifier | None = None,
) -> OnnxClassifier:
    """Open a bundle and run its golden tickets before anybody else sees it.

    `like` is one that is open and may have the same tokenizer.

    Raises `BundleError` as the constructor and `check_golden_tickets` do.
    """
    classifier = OnnxClassifier(
        bundle, lanes=lanes, max_padded_tokens=max_padded_tokens, max_rows=max_rows, like=like
    )
    try:
        classifier.check_golden_tickets()
    except BaseException:
        classifier.close()
        raise
    return classifier


def _tokenizer_of(bundle: Bundle) -> tuple[FileDigest, int]:
    """What tells one bundle's tokenizer from another's: the file, and where texts are cut."""
    return bundle.manifest.files[TOKENIZER_FILE], bundle.manifest.max_tokens


def _open_encoder(bundle: Bundle) -> Encoder:
    try:
        return Encoder(bundle.tokenizer_path, max_tokens=bundle.manifest.max_tokens)
    except Exception as error:  # tokenizers raises bare Exception for a malformed file
        raise BundleError(f"bundle {bundle.model_path.parent}: {error}") from error


def _open_session(bundle: Bundle) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Warnings of the runtime name graph nodes, which help nobody who runs a worker.
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(
            str(bundle.model_path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's exceptions share no public base class
        reason = str(error).splitlines()[0]
        raise BundleError(f"bundle {bundle.model_path.parent}: {reason}") from error
    inputs = {node.name for node in session.get_inputs()}
    outputs = {node.name: node for node in session.get_outputs()}
    if inputs != {"input_ids", "attention_mask"} or not {LOGITS_OUTPUT, SCOPE_OUTPUT} <= set(
        outputs
    ):
        raise BundleError(
            f"bundle {bundle.model_path.parent}: the graph has inputs {sorted(inputs)} and "
            f"outputs {sorted(outputs)}, a bundle's has input_ids, attention_mask and "
            f"{LOGITS_OUTPUT}, {SCOPE_OUTPUT}: train it anew"
        )
    width = outputs[LOGITS_OUTPUT].shape[-1]
    if width != len(bundle.labels):
        raise BundleError(
            f"bundle {bundle.model_path.parent}: the graph has {width} logits for "
            f"{len(bundle.labels)} labels"
        )
    return session
