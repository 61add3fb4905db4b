"""A real, tiny training: the bundle it writes verifies, opens and answers as it should."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest

from stream_app.bundle import code_sha256, list_bundles, read_bundle
from stream_app.errors import UserError
from stream_app.inference import open_classifier
from stream_app.labelled_data import load_dataset
from tests.waiting import PATIENCE_S, wait_until
from training.architectures.base_model import load_base_model
from training.heads import QUESTIONS

INTENTS = ("card_swallowed", "change_pin", "exchange_rate", "request_refund")


@pytest.fixture(scope="module")
def report(few_intents: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `tickets train --json` printed for two epochs on the four intents."""
    store = tmp_path_factory.mktemp("bundles")
    arguments = ["--data", str(few_intents), "--quick", "--epochs", "2", "--out", str(store)]
    arguments += ["--set", "asked_share=0.5", "--set", "self_taught=0.5"]
    done = subprocess.run(
        [sys.executable, "-m", "stream_app", "train", *arguments, "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def test_the_report_names_the_only_bundle_and_good_figures(report: dict[str, Any]) -> None:
    folder = Path(report["bundle"])
    assert list_bundles(folder.parent) == [folder]
    assert folder.name == f"few-{report['version']}"
    assert report["measured_on"] == "test"
    assert report["accuracy_int8"] >= 0.75
    # A handful of rows: one of them may lie so near the border that int8 falls on its other side.
    assert report["agreement"] >= 1 - 1.5 / report["measured_rows"]


def test_the_bundle_verifies_and_its_golden_tickets_hold(report: dict[str, Any]) -> None:
    bundle = read_bundle(Path(report["bundle"]))
    assert bundle.digest == report["digest"]
    assert tuple(label.intent for label in bundle.labels) == INTENTS
    assert len(bundle.golden) == len(INTENTS)
    open_classifier(bundle).close()


def test_the_model_knows_a_new_ticket_and_an_unrelated_one(report: dict[str, Any]) -> None:
    classifier = open_classifier(read_bundle(Path(report["bundle"])))
    known, unrelated = classifier.classify(
        ["the cash machine ate my card", "My sourdough will not rise in a cold kitchen."]
    )
    classifier.close()
    assert known.label.intent == "card_swallowed"
    assert known.scope_score > classifier.calibration.out_of_scope_below
    assert unrelated.scope_score < known.scope_score


def test_provenance_says_how_to_train_it_again(report: dict[str, Any], few_intents: Path) -> None:
    provenance = read_bundle(Path(report["bundle"])).manifest.provenance
    assert provenance.base_model == "all-MiniLM-L6-v2"
    assert provenance.data_sha256 == load_dataset(str(few_intents)).sha256
    assert provenance.training_rows == report["rows"]
    assert provenance.recipe["epochs"] == 2
    assert provenance.code_sha256 == code_sha256()


def test_the_heads_read_the_embedding_that_was_taught_their_questions(
    report: dict[str, Any],
) -> None:
    graph = onnx.load(read_bundle(Path(report["bundle"])).model_path)
    heads = {name.removesuffix("/directions") for name in _names(graph) if "/directions" in name}
    assert heads == {question.output for question in QUESTIONS}


def _names(graph: onnx.ModelProto) -> set[str]:
    return {constant.name for constant in graph.graph.initializer}


def test_a_folder_that_is_no_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no usable base model") as raised:
        load_base_model(str(tmp_path), dropout=0.1, workspace=tmp_path)
    assert "\n" not in raised.value.message


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    config = {"model_type": "bert", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 4}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n")
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(UserError, match="holds no usable base model"):
        load_base_model(str(tmp_path), dropout=0.1, workspace=tmp_path)


def test_a_terminated_training_leaves_no_file(few_intents: Path, tmp_path: Path) -> None:
    scratch, store = tmp_path / "scratch", tmp_path / "store"
    scratch.mkdir()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "stream_app", "train", "--data", str(few_intents), "--quick"),
            *("--out", str(store)),
        ],
        env=os.environ | {"TMPDIR": str(scratch)},
    )
    wait_until(lambda: any(scratch.glob("tickets-train-*")))
    process.terminate()
    assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert not any(scratch.glob("tickets-train-*"))
    assert not any(store.iterdir())
