"""Evaluates labelled pairs of single photos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.evaluation.intervals import wilson
from app.evaluation.labels import LabelledPair
from app.faces.vectors import cosine_similarity
from app.inference.types import Embedding

FOLDS = 10


@dataclass(frozen=True, slots=True, eq=False)
class PairScores:
    """Similarities of labelled pairs; a pair with a photo without a face has none."""

    similarity: NDArray[np.float64]
    """(n,), NaN where a photo gave no face: such a pair is never right."""
    same: NDArray[np.bool_]
    """(n,)"""

    @property
    def failed(self) -> int:
        """Pairs that could not be compared."""
        return int(np.isnan(self.similarity).sum())

    def right_at(self, threshold: float) -> NDArray[np.bool_]:
        """Return which pairs are judged rightly at a threshold."""
        answered = ~np.isnan(self.similarity)
        return np.asarray(answered & ((self.similarity >= threshold) == self.same), dtype=np.bool_)


def score_pairs(pairs: Sequence[LabelledPair], embeddings: Mapping[Path, Embedding]) -> PairScores:
    """Compare every pair."""
    similarity = [_similarity(embeddings.get(pair.first), embeddings.get(pair.second)) for pair in pairs]
    return PairScores(np.array(similarity), np.array([pair.same for pair in pairs], dtype=np.bool_))


def _similarity(first: Embedding | None, second: Embedding | None) -> float:
    return float("nan") if first is None or second is None else cosine_similarity(first, second)


def pairs_report(scores: PairScores, shipped_threshold: float) -> dict[str, object]:
    """Return the numbers of the pairs; `accuracy` is that of ten-fold cross-validation."""
    total = len(scores.same)
    validated = cross_validated(scores)
    shipped = scores.right_at(shipped_threshold)
    return {
        "n": total,
        "accuracy": float(validated.mean()),
        "accuracyAtShippedThreshold": float(shipped.mean()),
        "failedToAcquire": scores.failed,
        "accuracyMethod": f"{FOLDS}-fold cross-validation",
        "accuracy95": wilson(validated.sum(), total),
        "right": int(validated.sum()),
        "shippedThreshold": shipped_threshold,
        "rightAtShippedThreshold": int(shipped.sum()),
        "accuracyAtShippedThreshold95": wilson(shipped.sum(), total),
    }


def cross_validated(scores: PairScores) -> NDArray[np.bool_]:
    """Return which pairs are right at the best threshold of the other nine tenths of the pairs."""
    fold = np.arange(len(scores.same)) % FOLDS
    right = np.zeros(len(scores.same), dtype=np.bool_)
    for number in range(FOLDS):
        others = PairScores(scores.similarity[fold != number], scores.same[fold != number])
        right |= (fold == number) & scores.right_at(best_threshold(others))
    return right


def best_threshold(scores: PairScores) -> float:
    """Return the middle of the thresholds at which most pairs are right."""
    values = np.unique(scores.similarity[~np.isnan(scores.similarity)])
    if not len(values):
        return 0.0
    between = np.concatenate([values[:1] - 1e-6, (values[1:] + values[:-1]) / 2, values[-1:] + 1e-6])
    right = np.array([scores.right_at(float(threshold)).sum() for threshold in between])
    best = np.flatnonzero(right == right.max())
    return float(between[best[len(best) // 2]])
