"""The network of every architecture that is trained by gradient: an encoder and a linear head."""

from __future__ import annotations

from torch import Tensor, nn

from training.architectures.dropout import use_byte_dropout


class IntentNetwork(nn.Module):
    """A linear classification head on an encoder that gives each row one vector.

    `encoder` maps `(input_ids, attention_mask)`, int64 (rows, tokens), to two float32 tensors of
    shape (rows, width): what the head reads, and what tells best how a row differs from others,
    which may be the same.
    """

    def __init__(self, encoder: nn.Module, *, width: int, intents: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, intents)
        use_byte_dropout(self)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`(logits, embedding, features)` of shapes (rows, intents) and twice (rows, width).

        Both inputs are int64 of shape (rows, tokens). Embedding and features have unit length.
        """
        pooled, features = self.encoder(input_ids, attention_mask)
        return (
            self.head(self.dropout(pooled)),
            nn.functional.normalize(pooled.float(), dim=1),
            nn.functional.normalize(features.float(), dim=1),
        )
