"""Runs a bundle's graph: tokenise, sort by length, cut by padded tokens, run, calibrate.

Owns the ONNX Runtime session and its lanes. Knows nothing of Kafka, rules or queues.
"""

from stream_app.inference.batching import cut_by_padded_tokens
from stream_app.inference.classifier import (
    ABUSE_OUTPUT,
    SCOPE_OUTPUT,
    TROUBLE_OUTPUT,
    URGENCY_OUTPUT,
    Classifier,
    OnnxClassifier,
    Prediction,
    open_classifier,
    softmax,
)
from stream_app.inference.cores import usable_cores
from stream_app.inference.encoder import Encoder

__all__ = [
    "ABUSE_OUTPUT",
    "SCOPE_OUTPUT",
    "TROUBLE_OUTPUT",
    "URGENCY_OUTPUT",
    "Classifier",
    "Encoder",
    "OnnxClassifier",
    "Prediction",
    "cut_by_padded_tokens",
    "open_classifier",
    "softmax",
    "usable_cores",
]
