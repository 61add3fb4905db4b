"""The network that is trained and exported: encoder, mean pooling, linear head."""

from __future__ import annotations

from torch import Tensor, nn


class IntentNetwork(nn.Module):
    """An encoder with a classification head on the mean of its token states.

    Mean pooling because the default encoder was trained with it (Reimers and Gurevych 2019,
    "Sentence-BERT").
    """

    def __init__(self, encoder: nn.Module, *, width: int, intents: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, intents)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """`(logits, embedding)` of shapes (rows, intents) and (rows, width).

        Both inputs are int64 of shape (rows, tokens). The embedding has unit length.
        """
        pooled = self.pool(input_ids, attention_mask)
        return self.head(self.dropout(pooled)), nn.functional.normalize(pooled, dim=1)

    def pool(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The mean state of each row's tokens, padding left out: (rows, width)."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(-1).to(states.dtype)
        pooled: Tensor = (states * weights).sum(dim=1) / weights.sum(dim=1)
        return pooled
