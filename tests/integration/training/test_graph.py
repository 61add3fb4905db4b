"""The exported graph is the network, whatever the batch; its int8 form stays close to it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel

from stream_app.inference.encoder import pad
from training.architectures.network import IntentNetwork
from training.architectures.transformer import MeanPooled
from training.graph import export_graph, run_graph
from training.quantize import quantize_graph

INTENTS = 6
WIDTH = 64


def bert() -> nn.Module:
    return BertModel(  # type: ignore[no-untyped-call]
        BertConfig(
            vocab_size=3_000,
            hidden_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=128,
        )
    )


def distilbert() -> nn.Module:
    # Takes no token types, as BERT does.
    return DistilBertModel(
        DistilBertConfig(vocab_size=3_000, dim=WIDTH, n_layers=2, n_heads=4, hidden_dim=128)
    )


@pytest.fixture(params=[bert, distilbert])
def network(request: pytest.FixtureRequest) -> IntentNetwork:
    torch.manual_seed(5)
    encoder = MeanPooled(request.param())
    return IntentNetwork(encoder, width=WIDTH, intents=INTENTS, dropout=0.1).eval()


def token_rows(*lengths: int) -> list[list[int]]:
    chance = np.random.default_rng(5)
    return [chance.integers(1, 3_000, size=length).tolist() for length in lengths]


def alone(network: IntentNetwork, row: list[int]) -> tuple[npt.NDArray[np.float32], ...]:
    """What the network says of a row that shares its batch with no other."""
    with torch.no_grad():
        outputs = network(*(torch.from_numpy(part) for part in pad([row])))
    return tuple(output.numpy()[0] for output in outputs)


def test_the_graph_answers_in_order_and_without_regard_to_padding(
    network: IntentNetwork, tmp_path: Path
) -> None:
    export_graph(network, tmp_path / "fp32.onnx")
    rows = token_rows(40, 1, 7, 90, 7, 3)
    output = run_graph(tmp_path / "fp32.onnx", rows)
    for index, row in enumerate(rows):
        logits, embedding, features = alone(network, row)
        np.testing.assert_allclose(output.logits[index], logits, atol=1e-4)
        np.testing.assert_allclose(output.embedding[index], embedding, atol=1e-4)
        np.testing.assert_allclose(output.features[index], features, atol=1e-4)
    assert np.abs(output.features - output.embedding).max() > 0.001
    np.testing.assert_allclose(np.linalg.norm(output.embedding, axis=1), 1.0, atol=1e-5)


def test_the_int8_graph_is_smaller_and_close(network: IntentNetwork, tmp_path: Path) -> None:
    plain, quantized = tmp_path / "fp32.onnx", tmp_path / "int8.onnx"
    export_graph(network, plain)
    quantize_graph(plain, quantized)
    rows = token_rows(*range(2, 60))
    exact, rounded = run_graph(plain, rows), run_graph(quantized, rows)
    cosines = (exact.embedding * rounded.embedding).sum(axis=1)
    assert cosines.min() > 0.98
    assert quantized.stat().st_size < 0.5 * plain.stat().st_size
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fp32.onnx", "int8.onnx"]
