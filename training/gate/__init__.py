"""The gate: says whether a model may take the champion's place, and why; moves no alias itself."""

from training.gate.evaluation import Evaluation, GateRows
from training.gate.judge import judge
from training.gate.limits import Limits, load_limits
from training.gate.measure import measure
from training.gate.verdict import Criterion, GateReport, Verdict

__all__ = [
    "Criterion",
    "Evaluation",
    "GateReport",
    "GateRows",
    "Limits",
    "Verdict",
    "judge",
    "load_limits",
    "measure",
]
