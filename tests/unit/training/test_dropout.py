"""The mask of a training step: as large as it says, another each time, none in serving."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.architectures.dropout import ByteDropout, use_byte_dropout
from training.architectures.network import IntentNetwork


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_is_dropped_and_the_mean_kept(share: float) -> None:
    torch.manual_seed(3)
    dropped = ByteDropout(share)(torch.ones(300, 1001))
    assert float((dropped == 0).float().mean()) == pytest.approx(share, abs=0.005)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.005)


def test_the_gradient_passes_where_the_value_did() -> None:
    values = torch.ones(40, 30, requires_grad=True)
    dropped = ByteDropout(0.3)(values)
    dropped.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, dropped.detach())


def test_two_masks_differ_and_a_seed_brings_them_back() -> None:
    dropout, values = ByteDropout(0.5), torch.ones(64, 3)
    torch.manual_seed(5)
    first, second = dropout(values), dropout(values)
    assert not torch.equal(first, second)
    torch.manual_seed(5)
    assert torch.equal(dropout(values), first)


def test_no_share_and_no_training_change_nothing() -> None:
    values = torch.rand(7, 5)
    assert ByteDropout(0.0)(values) is values
    assert ByteDropout(0.9).eval()(values) is values


@pytest.mark.parametrize("share", [0.999, 1.0])
def test_a_share_of_all_drops_all(share: float) -> None:
    assert torch.equal(ByteDropout(share)(torch.ones(3, 5)), torch.zeros(3, 5))


@pytest.mark.parametrize(
    "values",
    [torch.rand(0, 4), torch.rand(6, 5).t(), torch.rand(3, 3, dtype=torch.bfloat16)],
    ids=["empty", "transposed", "bfloat16"],
)
def test_any_tensor_keeps_shape_and_type(values: torch.Tensor) -> None:
    dropped = ByteDropout(0.5)(values)
    assert (dropped.shape, dropped.dtype) == (values.shape, values.dtype)
    assert torch.equal(dropped[dropped != 0], (values * 2)[dropped != 0])


def test_every_dropout_of_a_network_is_replaced_and_keeps_its_share() -> None:
    network = nn.Sequential(nn.Dropout(0.2), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.4)))
    use_byte_dropout(network)
    found = [module for module in network.modules() if isinstance(module, nn.Dropout)]
    assert [(type(module), module.p) for module in found] == [
        (ByteDropout, 0.2),
        (ByteDropout, 0.4),
    ]


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_stays(training: bool) -> None:
    network = nn.Sequential(nn.Dropout(0.2)).train(training)
    use_byte_dropout(network)
    assert network[0].training is training


def test_the_network_of_every_architecture_has_it() -> None:
    network = IntentNetwork(nn.Sequential(nn.Dropout(0.2)), width=2, intents=2, dropout=0.3)
    assert [type(each) for each in network.modules() if isinstance(each, nn.Dropout)] == [
        ByteDropout,
        ByteDropout,
    ]
