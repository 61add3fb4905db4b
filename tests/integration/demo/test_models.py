"""The demo's own models: the second one is better than the first, as far as the gate can tell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stream_app.bundle import read_bundle
from stream_app.demo.models import FIRST, SECOND
from training.gate.judge import judge
from training.gate.limits import load_limits
from training.gate.measure import measure
from training.gate.verdict import Criterion
from training.starter_set import load_starter

pytestmark = pytest.mark.model


def test_the_second_passes_the_gate_where_the_first_is_the_champion(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.demo_models", str(tmp_path), FIRST, SECOND]
    trained = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = (
        read_bundle(Path(json.loads(line)["bundle"])) for line in trained.stdout.splitlines()
    )
    candidate, champion = measure(second, first, load_starter().test, data="starter")
    report = judge(candidate, champion, load_limits())
    # Both have the same graph; how fast it runs is the machine's affair.
    judged = [each for each in report.verdicts if each.criterion is not Criterion.LATENCY]
    assert judged
    assert not [each for each in judged if not each.passed]
