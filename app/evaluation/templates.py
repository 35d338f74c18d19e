"""Scores of templates fused from several photos of labelled people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.errors import InputError
from app.inference.types import Embedding

Scores: TypeAlias = NDArray[np.float32]
PhotosByPerson: TypeAlias = Mapping[str, Sequence[Embedding]]

# Random ways to split everybody's photos into two templates. More add little: the people stay the same.
ROUNDS = 24


@dataclass(frozen=True, slots=True, eq=False)
class TemplateScores:
    """Cosine similarities of templates of two sizes, of the same people and of different ones."""

    sizes: tuple[int, int]
    people: int
    """Who had photos enough to be compared with others."""
    matched_people: int
    """Who had photos enough to be compared with themselves."""
    genuine: Scores
    """(n,), ascending: one person's two templates, with no photo in both."""
    impostor: Scores
    """(n,), ascending: templates of two people."""
    pair_maxima: Scores
    """(people · (people − 1) / 2,), ascending: the highest score of each two people."""

    def false_match_rate(self, threshold: float) -> float:
        """Return the share of impostor comparisons at or above the threshold."""
        return (len(self.impostor) - _count_below(self.impostor, threshold)) / len(self.impostor)

    def false_non_match_rate(self, threshold: float) -> float:
        """Return the share of genuine comparisons below the threshold; 1 without any."""
        return _count_below(self.genuine, threshold) / len(self.genuine) if len(self.genuine) else 1.0

    def pairs_above(self, threshold: float) -> int:
        """Return how many different pairs of people ever scored at or above the threshold."""
        return len(self.pair_maxima) - _count_below(self.pair_maxima, threshold)

    def threshold_at(self, false_match_rate: float) -> float:
        """Return the lowest threshold that at most this share of impostor comparisons reaches."""
        allowed = int(false_match_rate * len(self.impostor))
        first_refused = self.impostor[len(self.impostor) - 1 - allowed]
        return float(np.nextafter(first_refused, np.float32(2.0)))


def compare_templates(
    photos: PhotosByPerson, sizes: tuple[int, int], rng: np.random.Generator, rounds: int = ROUNDS
) -> TemplateScores:
    """Fuse everybody's photos at random into templates of both sizes and compare all with all.

    People with fewer photos than the larger size take no part; those with fewer than both sizes together
    meet only others, since one person's two templates must not share a photo. `InputError` when fewer
    than two people have photos enough.
    """
    chosen = [np.stack(each) for each in photos.values() if len(each) >= max(sizes)]
    if len(chosen) < 2:
        raise InputError("identities", f"at least two people with {max(sizes)} photos each are needed")
    impostor: list[Scores] = []
    genuine: list[Scores] = []
    highest = np.full((len(chosen), len(chosen)), -1.0, np.float32)
    apart = ~np.eye(len(chosen), dtype=bool)
    disjoint = np.array([len(each) >= sum(sizes) for each in chosen], dtype=bool)
    for _ in range(rounds):
        scores = _one_round(chosen, sizes, rng)
        impostor.append(scores[apart])
        genuine.append(scores.diagonal()[disjoint])
        np.maximum(highest, np.maximum(scores, scores.T), out=highest)
    upper = np.triu_indices(len(chosen), 1)
    return TemplateScores(
        sizes,
        len(chosen),
        int(disjoint.sum()),
        np.sort(np.concatenate(genuine)),
        np.sort(np.concatenate(impostor)),
        np.sort(highest[upper]),
    )


def _one_round(
    people: list[NDArray[np.float32]], sizes: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.float32]:
    first, second = [], []
    for photos in people:
        order = rng.permutation(len(photos))
        first.append(photos[order[: sizes[0]]].mean(axis=0))
        second.append(photos[order[::-1][: sizes[1]]].mean(axis=0))
    return np.asarray(_unit_rows(first) @ _unit_rows(second).T, dtype=np.float32)


def _unit_rows(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    rows = np.stack(vectors)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _count_below(ascending: Scores, threshold: float) -> int:
    return int(np.searchsorted(ascending, threshold, side="left"))
