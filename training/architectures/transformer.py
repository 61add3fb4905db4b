"""A pretrained transformer encoder with mean pooling; all-MiniLM-L6-v2 unless told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from training.architectures.base_model import DEFAULT_BASE_MODEL, load_base_model
from training.architectures.by_gradient import GradientModel
from training.architectures.network import IntentNetwork
from training.recipe import Recipe


class MeanPooled(nn.Module):
    """The mean of a transformer's token states, padding left out.

    Mean pooling because the default encoder was trained with it (Reimers and Gurevych 2019,
    "Sentence-BERT").
    """

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Vectors of shape (rows, width) for int64 inputs of shape (rows, tokens)."""
        states = self.transformer(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(states.dtype)
        pooled: Tensor = (states * weights).sum(dim=1) / weights.sum(dim=1)
        return pooled


def build(
    texts: Sequence[str],
    recipe: Recipe,
    *,
    base_model: str | None,
    intents: int,
    seed: int,
    workspace: Path,
) -> GradientModel:
    """An untrained model, as `training.architectures.contract.Build` says.

    `texts` are not read: the tokenizer comes with the base model.
    """
    base = load_base_model(
        base_model or DEFAULT_BASE_MODEL,
        dropout=recipe.dropout,
        workspace=workspace,
        layers=recipe.layers,
    )
    torch.manual_seed(seed)
    network = IntentNetwork(
        MeanPooled(base.network), width=base.width, intents=intents, dropout=recipe.dropout
    )
    return GradientModel(
        base_model=base.name,
        network=network,
        tokenizer_path=base.tokenizer_path,
        max_tokens=base.max_tokens,
        pretrained=True,
    )
