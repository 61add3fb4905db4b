"""A causal decoder with a classification head; a small GPT-2 from scratch without a base model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2Model

from training.architectures.base_model import BaseModel, load_base_model
from training.architectures.by_gradient import GradientModel
from training.architectures.network import IntentNetwork
from training.architectures.own_tokenizer import START_ID, save_byte_pairs
from training.recipe import Recipe

LAYERS, HEADS, WIDTH = 3, 4, 192
"""Of the network from scratch: some thousand rows do not feed a larger one."""

MAX_TOKENS = 256


class LastToken(nn.Module):
    """The state of each row's last token, the only one that has seen the whole row.

    As GPT (Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training",
    section 3.2) classifies. Padding stands to the right of it and a causal network never looks
    there.
    """

    def __init__(self, decoder: nn.Module) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """The same vectors twice, of shape (rows, width), for int64 inputs (rows, tokens)."""
        states: Tensor = self.decoder(
            input_ids=input_ids, attention_mask=attention_mask, use_cache=False
        ).last_hidden_state
        last = attention_mask.sum(dim=1).sub(1).view(-1, 1, 1).expand(-1, 1, states.shape[-1])
        vectors = torch.gather(states, 1, last).squeeze(1)
        return vectors, vectors


def build(
    texts: Sequence[str],
    recipe: Recipe,
    *,
    base_model: str | None,
    intents: int,
    seed: int,
    workspace: Path,
) -> GradientModel:
    """An untrained model, as `training.architectures.contract.Build` says."""
    torch.manual_seed(seed)
    if base_model is None:
        base = _from_scratch(texts, dropout=recipe.dropout, workspace=workspace)
    else:
        base = load_base_model(
            base_model, dropout=recipe.dropout, workspace=workspace, layers=recipe.layers
        )
    network = IntentNetwork(
        LastToken(base.network), width=base.width, intents=intents, dropout=recipe.dropout
    )
    return GradientModel(
        base_model=base.name,
        network=network,
        tokenizer_path=base.tokenizer_path,
        max_tokens=base.max_tokens,
        pretrained=base_model is not None,
    )


def _from_scratch(texts: Sequence[str], *, dropout: float, workspace: Path) -> BaseModel:
    tokenizer_path = workspace / "tokenizer.json"
    pieces = save_byte_pairs(texts, tokenizer_path)
    config = GPT2Config(
        vocab_size=pieces,
        n_positions=MAX_TOKENS,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        embd_pdrop=dropout,
        resid_pdrop=dropout,
        attn_pdrop=dropout,
        bos_token_id=START_ID,
        eos_token_id=START_ID,
    )
    return BaseModel(
        name="none",
        network=GPT2Model(config),  # type: ignore[no-untyped-call]
        width=WIDTH,
        max_tokens=MAX_TOKENS,
        tokenizer_path=tokenizer_path,
    )
