"""How a finished bundle does on a noised copy of the measured tickets; draws no figure."""

from __future__ import annotations

from stream_app.bundle import Bundle
from stream_app.inference import Encoder
from stream_app.labelled_data import Example
from training.evidence import Evidence
from training.graph import run_graph
from training.metrics import accuracy
from training.noise import NOISE_SEED, noised_test


def noised_accuracy(bundle: Bundle, evidence: Evidence) -> float:
    """Accuracy (0..1) on the measured tickets, each noised as `noised_test` does."""
    examples = [
        Example(text, bundle.labels[target].intent)
        for text, target in zip(evidence.texts, evidence.targets, strict=True)
    ]
    encoder = Encoder(bundle.tokenizer_path, max_tokens=bundle.manifest.max_tokens)
    noised = noised_test(examples, NOISE_SEED)
    rows = encoder.encode([example.text for example in noised])
    return accuracy(run_graph(bundle.model_path, rows).answers, evidence.targets)
