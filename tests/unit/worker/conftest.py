"""What the tests of the worker decide with: a tiny model and the packaged rules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from stream_app.bundle import read_bundle
from stream_app.guardrails import load_rules
from stream_app.inference import open_classifier
from stream_app.routing import load_policy
from stream_app.settings import TopicSettings
from stream_app.worker.decide import Decider
from tests.unit.tiny_bundle import write_tiny_bundle


@pytest.fixture
def decider(tmp_path: Path) -> Iterator[Decider]:
    """Draws no ticket at random, and has no toxicity model of its own."""
    classifier = open_classifier(read_bundle(write_tiny_bundle(tmp_path / "tiny")))
    yield Decider(
        model=lambda: nullcontext(classifier),
        rules=load_rules(),
        policy=load_policy(),
        topics=TopicSettings(),
        audit_share=0.0,
        toxicity=None,
    )
    classifier.close()
