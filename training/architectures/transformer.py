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
    """The mean of a transformer's token states, padding left out: after the last layer, and of all.

    Mean pooling because the default encoder was trained with it (Reimers and Gurevych 2019,
    "Sentence-BERT"). What the last layer has learned to hold for the same, the earlier ones still
    tell apart, so that all of them together say best what is out of scope (Chen et al. 2022,
    "Holistic Sentence Embeddings for Better Out-of-Distribution Detection").
    """

    def __init__(self, transformer: nn.Module) -> None:
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors of shape (rows, width) for int64 inputs of shape (rows, tokens), twice."""
        states = self.transformer(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        ).hidden_states
        pooled = [_mean(of_layer, attention_mask) for of_layer in states]
        alike = [nn.functional.normalize(of_layer.float(), dim=1) for of_layer in pooled]
        return pooled[-1], torch.stack(alike).mean(dim=0)


def _mean(states: Tensor, attention_mask: Tensor) -> Tensor:
    weights = attention_mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(dim=1) / weights.sum(dim=1)


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
