"""TF-IDF over word pieces with logistic regression; seconds to fit, microseconds to serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.decomposition import TruncatedSVD  # type: ignore[import-untyped]
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.metrics import log_loss  # type: ignore[import-untyped]
from torch import Tensor, nn

from training.architectures.own_tokenizer import START_ID, UNKNOWN_ID, save_word_pieces
from training.fit import RowsOfEpoch
from training.loss import Asked
from training.progress import FitProgress
from training.recipe import Recipe

MAX_TOKENS = 256

INVERSE_REGULARISATION = 10.0
"""`C` of the regression. TF-IDF rows have unit length, for which the library's 1 is too strict."""

TOLERANCE = 1e-3
"""Of the regression's gradient; a smaller one takes longer and changes no answer."""

EMBEDDING_WIDTH = 128
"""Directions of latent semantic analysis (Deerwester et al. 1990) that make the embedding."""

_LEAST_NORM = 1e-9
"""Keeps a row without any known piece from dividing by zero: its scores are the intercepts."""


Array = npt.NDArray[np.float64]


class TfidfNetwork(nn.Module):
    """Scores rows by their TF-IDF vectors without ever writing one down.

    A vector has one place for each piece of the vocabulary, almost all of them zero. The scores
    are sums over the row's tokens instead: each token looks up what its piece adds. A piece that
    a row repeats is weighted `1 + ln(count)` as a whole.
    """

    inverse_frequency: Tensor

    def __init__(self, pieces: int, *, intents: int) -> None:
        super().__init__()
        self.register_buffer("inverse_frequency", torch.ones(pieces))
        self.scores = nn.Embedding(pieces, intents)
        self.directions = nn.Embedding(pieces, min(EMBEDDING_WIDTH, pieces - 1))
        self.intercept = nn.Parameter(torch.zeros(intents))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`(logits, embedding, features)` of shapes (rows, intents) and twice (rows, directions).

        Both inputs are int64 of shape (rows, tokens). The embedding has unit length, or none
        where no piece of the row is known; the features are the same.
        """
        present = attention_mask.to(self.intercept.dtype)
        same = (input_ids.unsqueeze(1) == input_ids.unsqueeze(2)).to(present.dtype)
        count = (same * present.unsqueeze(1)).sum(dim=2).clamp(min=1.0)
        value = (1.0 + torch.log(count)) * self.inverse_frequency[input_ids] * present
        # Each of a piece's `count` tokens carries an equal part of its value.
        share = (value / count).unsqueeze(-1)
        norm = torch.sqrt((value * value / count).sum(dim=1, keepdim=True)).clamp(min=_LEAST_NORM)
        logits = (self.scores(input_ids) * share).sum(dim=1) / norm + self.intercept
        direction = (self.directions(input_ids) * share).sum(dim=1)
        embedding = nn.functional.normalize(direction, dim=1)
        return logits, embedding, embedding

    @torch.no_grad()
    def take(
        self,
        *,
        inverse_frequency: Array,
        coefficients: Array,
        intercept: Array,
        directions: Array,
    ) -> None:
        """Take over what was fitted on TF-IDF vectors.

        `inverse_frequency` has shape (pieces,), `coefficients` (intents, pieces), `intercept`
        (intents,) and `directions` (directions, pieces), the latter at most as many as the network
        has. For two intents `coefficients` and `intercept` may have one row, the log-odds of the
        second intent.
        """
        if len(coefficients) == 1:
            coefficients = np.concatenate([-coefficients, coefficients]) / 2.0
            intercept = np.concatenate([-intercept, intercept]) / 2.0
        self.inverse_frequency.copy_(torch.from_numpy(inverse_frequency))
        self.inverse_frequency[[UNKNOWN_ID, START_ID]] = 0.0
        self.scores.weight.copy_(torch.from_numpy(coefficients.T))
        self.intercept.copy_(torch.from_numpy(intercept))
        self.directions.weight.zero_()
        self.directions.weight[:, : len(directions)] = torch.from_numpy(directions.T)


@dataclass(frozen=True)
class TfidfModel:
    """A `TextModel` whose weights are found by scikit-learn."""

    network: TfidfNetwork
    tokenizer_path: Path
    base_model: str = "none"
    max_tokens: int = MAX_TOKENS
    learns_answers: bool = False

    def fit(
        self,
        rows_of_epoch: RowsOfEpoch,
        targets: Sequence[int],
        recipe: Recipe,
        *,
        seed: int,
        progress: FitProgress,
        asked: Asked | None = None,
    ) -> None:
        """Fit on epochs 0 to `recipe.epochs` together: the rows, and that many noised copies.

        `asked` changes nothing: each piece has its weight, with nothing beneath to be shared.
        """
        epochs = range(recipe.epochs + 1)
        rows = [row for epoch in epochs for row in rows_of_epoch(epoch)]
        labels = np.tile(targets, len(epochs))
        progress.start_epoch(1, 1, rows=len(rows))
        vectorizer = TfidfVectorizer(
            analyzer=_speaking,
            vocabulary=range(self.network.scores.num_embeddings),
            sublinear_tf=True,
            lowercase=False,
        )
        vectors = vectorizer.fit_transform(rows)
        regression = LogisticRegression(
            C=INVERSE_REGULARISATION, tol=TOLERANCE, max_iter=500, random_state=seed
        ).fit(vectors, labels)
        analysis = TruncatedSVD(self.network.directions.embedding_dim, random_state=seed).fit(
            vectors
        )
        self.network.take(
            inverse_frequency=vectorizer.idf_,
            coefficients=regression.coef_,
            intercept=regression.intercept_,
            directions=analysis.components_,
        )
        loss = float(log_loss(labels, regression.predict_proba(vectors)))
        progress.advance(rows=len(rows), loss=loss)
        progress.end_epoch(1, self.network, loss=loss)


def build(
    texts: Sequence[str],
    recipe: Recipe,
    *,
    base_model: str | None,
    intents: int,
    seed: int,
    workspace: Path,
) -> TfidfModel:
    """An untrained model, as `training.architectures.contract.Build` says.

    Takes no base model, and draws no weight before the fit.
    """
    tokenizer_path = workspace / "tokenizer.json"
    pieces = save_word_pieces(texts, tokenizer_path)
    return TfidfModel(network=TfidfNetwork(pieces, intents=intents), tokenizer_path=tokenizer_path)


def _speaking(row: Sequence[int]) -> list[int]:
    """The tokens of a row that say something: the start stands in every row."""
    return [piece for piece in row if piece not in (UNKNOWN_ID, START_ID)]
