"""A fit multiplies in bfloat16 where the processor does, and keeps its weights in float32."""

from __future__ import annotations

import pytest
import torch
from rich.console import Console

from tests.unit.training.sum_network import Sum
from training.architectures.bilstm import SelfAttentiveLstm
from training.architectures.network import IntentNetwork
from training.fit import fit
from training.precision import mixed_precision
from training.progress import FitProgress
from training.recipe import Recipe

RECIPE = Recipe(
    epochs=3, batch_rows=2, learning_rate=0.01, head_learning_rate=0.01, self_taught=0.5
)
ROWS = [[1, 2], [3], [4, 5, 6], [7]]


def processor_with(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    capabilities = {"avx2": True, "avx512_bf16": False} | dict.fromkeys(names, True)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)


@pytest.mark.parametrize(
    ("names", "product"),
    [((), torch.float32), (("avx512_bf16",), torch.bfloat16), (("amx_bf16",), torch.bfloat16)],
)
def test_products_are_bfloat16_where_the_processor_has_it(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], product: torch.dtype
) -> None:
    processor_with(monkeypatch, *names)
    with mixed_precision():
        assert (torch.ones(2, 3) @ torch.ones(3, 2)).dtype is product


@pytest.mark.parametrize("names", [(), ("avx512_bf16",)])
def test_a_fit_in_either_arithmetic_learns_and_stays_float32(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    processor_with(monkeypatch, *names)
    torch.manual_seed(2)
    network = IntentNetwork(Sum(tokens=9, width=8), width=8, intents=2, dropout=0.1)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with FitProgress(Console(quiet=True)) as progress:
        fit(network, lambda epoch: ROWS, [0, 1, 0, 1], RECIPE, seed=5, progress=progress)
    for name, tensor in network.state_dict().items():
        assert tensor.dtype is torch.float32
        assert tensor.isfinite().all()
        assert not torch.equal(tensor, before[name])


def test_the_states_of_an_lstm_and_a_unit_vector_are_never_rounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processor_with(monkeypatch, "avx512_bf16")
    encoder = SelfAttentiveLstm(9, dropout=0.0)
    network = IntentNetwork(encoder, width=encoder.width, intents=2, dropout=0.0)
    with mixed_precision():
        logits, embedding, _ = network(
            torch.tensor([[1, 2, 3]]), torch.ones(1, 3, dtype=torch.long)
        )
        pooled, _ = encoder(torch.tensor([[1, 2]]), torch.ones(1, 2, dtype=torch.long))
        assert pooled.dtype is torch.float32
    assert logits.dtype is torch.bfloat16
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(1))
