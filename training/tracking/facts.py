"""What the run of a training says of it: names of the experiment, parameters and tags; pure."""

from __future__ import annotations

from stream_app.labelled_data import Dataset
from training.code_version import CodeVersion
from training.plan import Plan

COMMAND_TAG = "command"
"""Tag: the command line that trains the same again."""

KIND_TAG = "kind"
TRAINING, SWEEP, TRIAL = "training", "sweep", "trial"
"""Tag and its values: what a run is."""

ACCURACY_METRIC = "accuracy_int8"
"""Metric of the model as it ships, on the test part where there is one."""

HELD_OUT_METRIC = "held_out_accuracy"
"""Metric that trainings are compared by: one value an epoch, the last one counts."""


def experiment_name(model: str) -> str:
    """Trainings for the registered model `model`; its versions have an experiment of their own."""
    return f"{model}-training"


def training_params(plan: Plan, dataset: Dataset) -> dict[str, object]:
    """What was asked for and what it was asked of."""
    return {
        "data": plan.data,
        "data_sha256": dataset.sha256,
        "training_rows": len(dataset.train),
        "intents": len(dataset.intents),
        "architecture": plan.architecture.value,
        "base_model": plan.base_model or "default",
        "preset": "quick" if plan.quick else "full",
        "seed": plan.seed,
        **plan.recipe.as_record(),
    }


def training_tags(plan: Plan, code: CodeVersion, *, kind: str) -> dict[str, str]:
    """The code that ran and how to run it again."""
    commit = {"mlflow.source.git.commit": code.commit} if code.commit else {}
    return {
        KIND_TAG: kind,
        COMMAND_TAG: plan.command,
        "code_version": str(code),
        "mlflow.source.name": "tickets train",
        **commit,
    }
