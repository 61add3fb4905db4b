"""Every architecture trained from scratch keeps the contract: a row's answer is its own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto
from rich.console import Console
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model, PreTrainedTokenizerFast

from stream_app.errors import UserError
from stream_app.inference import Encoder
from stream_app.inference.encoder import pad
from training.architectures import ARCHITECTURES, ArchitectureName
from training.architectures.base_model import load_base_model
from training.architectures.contract import TextModel
from training.architectures.own_tokenizer import save_byte_pairs, save_word_pieces
from training.graph import export_graph, run_graph
from training.progress import FitProgress
from training.quantize import quantize_graph
from training.starter_set import load_starter

STARTER = load_starter()
TEXTS = [example.text for example in STARTER.train]
TARGETS = [STARTER.intents.index(example.intent) for example in STARTER.train]
INTENTS = len(STARTER.intents)

ODD_TEXTS = ["", " ", "\u200b", "\U0001f4a5", "card " * 200, "the the card card card", "Zürich?!"]
"""Empty, invisible, unknown, cut, repeated, accented."""

FROM_SCRATCH = [name for name, kind in ARCHITECTURES.items() if name != "transformer"]


@dataclass(frozen=True)
class Exported:
    """An architecture's model, its two graphs, and rows to run them on."""

    model: TextModel
    network: nn.Module
    plain: Path
    quantized: Path
    rows: list[list[int]]


@pytest.fixture(scope="module", params=FROM_SCRATCH)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp(request.param)
    kind = ARCHITECTURES[request.param]
    model = kind.build(
        TEXTS, kind.quick, base_model=None, intents=INTENTS, seed=3, workspace=folder
    )
    encoder = Encoder(model.tokenizer_path, max_tokens=128)
    rows = encoder.encode(TEXTS)
    if request.param is ArchitectureName.TFIDF:
        # The others answer by their first weights; this one starts from none.
        with FitProgress(Console(quiet=True)) as progress:
            model.fit(lambda epoch: rows, TARGETS, kind.quick, seed=3, progress=progress)
    plain, quantized = folder / "fp32.onnx", folder / "int8.onnx"
    export_graph(model.network, plain)
    quantize_graph(plain, quantized)
    odd = encoder.encode(ODD_TEXTS)
    return Exported(model, model.network.eval(), plain, quantized, [*odd, *rows[::300]])


@torch.no_grad()
def run_network(network: nn.Module, rows: list[list[int]]) -> list[npt.NDArray[np.float32]]:
    """`[logits, embedding, features]` of one padded batch, by torch."""
    return [output.numpy() for output in network(*(torch.from_numpy(part) for part in pad(rows)))]


def test_the_outputs_have_the_shapes_of_the_contract(exported: Exported) -> None:
    logits, embedding, features = run_network(exported.network, exported.rows)
    assert logits.shape == (len(exported.rows), INTENTS)
    assert embedding.shape[0] == len(exported.rows)
    assert 32 <= embedding.shape[1] <= 1_024
    assert features.shape == embedding.shape
    assert np.isfinite(logits).all()
    for vectors in (embedding, features):
        known = np.linalg.norm(vectors[len(ODD_TEXTS) :], axis=1)
        np.testing.assert_allclose(known, 1.0, atol=1e-5)


def test_padding_changes_no_answer_of_the_network(exported: Exported) -> None:
    together = run_network(exported.network, exported.rows)
    for index, row in enumerate(exported.rows):
        for all_rows, alone in zip(together, run_network(exported.network, [row]), strict=True):
            np.testing.assert_allclose(all_rows[index], alone[0], atol=1e-5)


def test_the_float32_graph_is_the_network(exported: Exported) -> None:
    logits, embedding, features = run_network(exported.network, exported.rows)
    graph = run_graph(exported.plain, exported.rows)
    np.testing.assert_allclose(graph.features, features, atol=1e-4)
    np.testing.assert_allclose(graph.logits, logits, atol=1e-4)
    np.testing.assert_allclose(graph.embedding, embedding, atol=1e-4)


def test_an_int8_answer_is_the_same_alone_and_in_any_batch(exported: Exported) -> None:
    session = ort.InferenceSession(str(exported.quantized), providers=["CPUExecutionProvider"])

    def logits(rows: list[list[int]]) -> npt.NDArray[np.float32]:
        input_ids, attention_mask = pad(rows)
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        scores: npt.NDArray[np.float32] = session.run(["logits"], inputs)[0]
        return scores

    alone = np.concatenate([logits([row]) for row in exported.rows])
    together = logits(exported.rows)
    # Rounding to int8 can make a step of a difference in the last bit of a float; a scale that
    # the rows share would be off by a hundred times that.
    np.testing.assert_allclose(together, alone, atol=2e-4 * np.abs(alone).max())


def test_the_int8_graph_is_smaller_and_close(exported: Exported) -> None:
    exact = run_graph(exported.plain, exported.rows)
    rounded = run_graph(exported.quantized, exported.rows)
    scale = np.abs(exact.logits).max()
    assert np.abs(exact.logits - rounded.logits).max() < 0.06 * scale
    assert exported.quantized.stat().st_size < 0.65 * exported.plain.stat().st_size


def test_every_text_has_a_token(exported: Exported) -> None:
    encoder = Encoder(exported.model.tokenizer_path, max_tokens=8)
    lengths = [len(row) for row in encoder.encode(["", " ", "\n\t", "a" * 10_000, *ODD_TEXTS])]
    assert min(lengths) >= 1
    assert max(lengths) <= 8


def test_the_layers_of_a_decoder_are_int8_and_its_head_is_not(
    tmp_path: Path,
) -> None:
    kind = ARCHITECTURES[ArchitectureName.DECODER]
    model = kind.build(
        TEXTS, kind.quick, base_model=None, intents=INTENTS, seed=3, workspace=tmp_path
    )
    export_graph(model.network, tmp_path / "fp32.onnx")
    quantize_graph(tmp_path / "fp32.onnx", tmp_path / "int8.onnx")
    graph = onnx.load(tmp_path / "int8.onnx").graph
    heads = [node.output[0] for node in graph.node if node.op_type == "Gemm"]
    matrices = [
        tensor.name
        for tensor in graph.initializer
        if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2 and min(tensor.dims) > 1
    ]
    assert heads == ["logits"]
    assert len(matrices) == 1


def test_a_decoder_starts_from_a_local_folder(tmp_path: Path) -> None:
    pieces = save_byte_pairs(TEXTS, tmp_path / "own.json")
    folder = tmp_path / "gpt2"
    tokenizer = Tokenizer.from_file(str(tmp_path / "own.json"))
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer)  # type: ignore[no-untyped-call]
    wrapped.save_pretrained(folder)
    config = GPT2Config(vocab_size=pieces, n_positions=64, n_embd=32, n_layer=2, n_head=2)
    pretrained = GPT2Model(config)  # type: ignore[no-untyped-call]
    pretrained.save_pretrained(folder, safe_serialization=True)
    kind = ARCHITECTURES[ArchitectureName.DECODER]
    model = kind.build(
        TEXTS, kind.quick, base_model=str(folder), intents=5, seed=3, workspace=tmp_path
    )
    rows = Encoder(model.tokenizer_path, max_tokens=model.max_tokens).encode(TEXTS[:3])
    logits, embedding, _ = run_network(model.network.eval(), rows)
    assert model.base_model == str(folder)
    assert model.max_tokens == 64
    assert (logits.shape, embedding.shape) == ((3, 5), (3, 32))

    def build(layers: int) -> TextModel:
        recipe = replace(kind.quick, layers=layers)
        return kind.build(
            TEXTS, recipe, base_model=str(folder), intents=5, seed=3, workspace=tmp_path
        )

    first_layer_alone = build(1)
    kept = [name for name, _ in first_layer_alone.network.named_modules()]
    assert any(name.endswith("h.0") for name in kept)
    assert not any(name.endswith("h.1") for name in kept)
    with pytest.raises(UserError, match="has 2 layers, not 3"):
        build(3)


def test_two_intents_have_two_logits_from_one_row_of_coefficients(tmp_path: Path) -> None:
    kind = ARCHITECTURES[ArchitectureName.TFIDF]
    texts = ["win a free prize now", "free prize waiting", "see you at lunch", "lunch at noon"]
    model = kind.build(texts, kind.quick, base_model=None, intents=2, seed=3, workspace=tmp_path)
    rows = Encoder(model.tokenizer_path, max_tokens=32).encode(texts)
    with FitProgress(Console(quiet=True)) as progress:
        model.fit(lambda epoch: rows, [1, 1, 0, 0], kind.quick, seed=3, progress=progress)
    logits, *_ = run_network(model.network, rows)
    assert logits.argmax(axis=1).tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("name", [ArchitectureName.BILSTM, ArchitectureName.TFIDF])
def test_a_base_model_where_none_is_taken_is_an_error(name: ArchitectureName) -> None:
    with pytest.raises(UserError, match="takes no base model"):
        ARCHITECTURES[name].check_base_model("somewhere")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (ArchitectureName.TFIDF, "fits"),
        (ArchitectureName.TFIDF, "learning_rate"),
        (ArchitectureName.BILSTM, "layers"),
    ],
)
def test_a_field_of_the_recipe_that_changes_nothing_is_an_error(
    name: ArchitectureName, field: str
) -> None:
    ARCHITECTURES[name].check_changes(["epochs"])
    with pytest.raises(UserError, match=f"--set {field}: it changes nothing"):
        ARCHITECTURES[name].check_changes(["epochs", field])


def test_a_base_model_in_half_precision_is_loaded_in_float32(tmp_path: Path) -> None:
    name = save_small_bert(tmp_path / "half", dtype=torch.bfloat16)
    network = load_base_model(name, dropout=0.1, workspace=tmp_path).network
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}


def test_weights_that_are_no_weights_are_one_line(tmp_path: Path) -> None:
    name = save_small_bert(tmp_path / "pointer", dtype=torch.float32)
    weights = Path(name) / "model.safetensors"
    weights.write_bytes(b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(UserError, match="holds no usable base model"):
        load_base_model(name, dropout=0.1, workspace=tmp_path)


def save_small_bert(folder: Path, *, dtype: torch.dtype) -> str:
    """The name of a base model of a few thousand weights."""
    pieces = save_word_pieces(TEXTS, folder.parent / "pieces.json")
    tokenizer = Tokenizer.from_file(str(folder.parent / "pieces.json"))
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer)  # type: ignore[no-untyped-call]
    wrapped.save_pretrained(folder)
    config = BertConfig(
        vocab_size=pieces,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    pretrained = BertModel(config)  # type: ignore[no-untyped-call]
    nn.Module.to(pretrained, dtype)
    pretrained.save_pretrained(folder)
    return str(folder)


def test_listing_the_architectures_imports_no_torch() -> None:
    script = "import sys, training.architectures; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)
