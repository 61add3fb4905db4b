"""A bidirectional LSTM with self-attention, trained from scratch on its own word pieces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from training.architectures.by_gradient import GradientModel
from training.architectures.network import IntentNetwork
from training.architectures.own_tokenizer import save_word_pieces
from training.recipe import Recipe

EMBEDDING_WIDTH = 192
STATE_WIDTH = 192
"""Of each direction."""

ATTENTION_WIDTH = 96
HOPS = 2
"""Weighted means of the states that make up a row's vector."""

MAX_TOKENS = 256

_NO_WEIGHT = -1e9
"""Before a softmax; its exponential is exactly zero in float32."""


class SelfAttentiveLstm(nn.Module):
    """Token states of both directions, pooled by self-attention.

    The pooling is that of Lin et al. 2017, "A Structured Self-attentive Sentence Embedding",
    equations 5 to 7, without their penalty term.
    """

    def __init__(self, pieces: int, *, dropout: float) -> None:
        super().__init__()
        self.table = nn.Embedding(pieces, EMBEDDING_WIDTH)
        self.dropout = nn.Dropout(dropout)
        self.forwards = nn.LSTM(EMBEDDING_WIDTH, STATE_WIDTH, batch_first=True)
        self.backwards = nn.LSTM(EMBEDDING_WIDTH, STATE_WIDTH, batch_first=True)
        self.attention = nn.Linear(2 * STATE_WIDTH, ATTENTION_WIDTH, bias=False)
        self.hops = nn.Linear(ATTENTION_WIDTH, HOPS, bias=False)
        self.width = HOPS * 2 * STATE_WIDTH

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """The same vectors twice, of shape (rows, width), for int64 inputs (rows, tokens)."""
        # A state is carried on from token to token, and what rounds it adds up.
        with torch.autocast("cpu", enabled=False):
            vectors = self._pooled(input_ids, attention_mask)
        return vectors, vectors

    def _pooled(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        embedded = self.dropout(self.table(input_ids))
        # Two one-way networks, the second on reversed rows: padding then comes last for both, and
        # no state of a token has seen it. A bidirectional layer would read the padding first.
        order = _reversal(attention_mask)
        left, _ = self.forwards(embedded)
        right, _ = self.backwards(_reordered(embedded, order))
        states = self.dropout(torch.cat([left, _reordered(right, order)], dim=2))
        scores = self.hops(torch.tanh(self.attention(states)))
        scores = scores.masked_fill(attention_mask.unsqueeze(-1) == 0, _NO_WEIGHT)
        weights = torch.softmax(scores, dim=1)
        return torch.flatten(weights.transpose(1, 2) @ states, start_dim=1)


def _reversal(attention_mask: Tensor) -> Tensor:
    """For each position the one that its row's tokens have there from behind: (rows, tokens)."""
    position = torch.cumsum(torch.ones_like(attention_mask), dim=1) - 1
    mirrored = attention_mask.sum(dim=1, keepdim=True) - 1 - position
    return torch.where(mirrored >= 0, mirrored, position)


def _reordered(states: Tensor, order: Tensor) -> Tensor:
    return torch.gather(states, 1, order.unsqueeze(-1).expand(-1, -1, states.shape[-1]))


def build(
    texts: Sequence[str],
    recipe: Recipe,
    *,
    base_model: str | None,
    intents: int,
    seed: int,
    workspace: Path,
) -> GradientModel:
    """An untrained model, as `training.architectures.contract.Build` says; takes no base model."""
    tokenizer_path = workspace / "tokenizer.json"
    pieces = save_word_pieces(texts, tokenizer_path)
    torch.manual_seed(seed)
    encoder = SelfAttentiveLstm(pieces, dropout=recipe.dropout)
    return GradientModel(
        base_model="none",
        network=IntentNetwork(
            encoder, width=encoder.width, intents=intents, dropout=recipe.dropout
        ),
        tokenizer_path=tokenizer_path,
        max_tokens=MAX_TOKENS,
        pretrained=False,
    )
