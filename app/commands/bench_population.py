"""Made-up faces that lie as embeddings of real ones do, block by block and the same every time."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.inference.types import Embedding

BLOCK = 10_000
_SEED = 1
_STRANGERS = 2**20  # numbers of blocks that nobody is enrolled from

# Measured with dlib-resnet29-v1 on 2610 photos of a labelled set: the mean of all embeddings has length
# 0.916, and what differs from it falls by 1/e about every 23 of 128 directions; two people's cosine is
# then 0.84 ± 0.03. Faces spread evenly over all directions would be far easier to tell apart.
MEAN_LENGTH = 0.916
_DIRECTIONS_PER_E = 23.0
# Two templates of one person, each fused from three frames, hardly ever fall below 0.97.
_SAME_PERSON_COSINE = 0.98


class Population:
    """Any number of people; the first n are the same whatever n is."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        spread = np.exp(-np.arange(dimensions - 1) / (2 * _DIRECTIONS_PER_E * dimensions / 128))
        self._spread = spread * np.sqrt((1 - MEAN_LENGTH**2) / (spread**2).sum())

    def blocks(self, start: int, stop: int) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """Yield (face ids, (n, dimensions) unit vectors) of the people numbered start … stop − 1."""
        while start < stop:
            number, first = divmod(start, BLOCK)
            last = min(BLOCK, first + stop - start)
            ids, faces = self._block(number)
            yield ids[first:last], faces[first:last]
            start += last - first

    def visits(self, count: int) -> NDArray[np.float32]:
        """Return (count, dimensions) probes: people of the first block and strangers in turn."""
        probes = self._block(_STRANGERS)[1][:count].copy()
        _, known = self._block(0)
        # The first of every growth: someone who is enrolled at each size.
        probes[::2] = _same_person(known[: len(probes[::2])], self._block(_STRANGERS + 1)[1])
        return probes

    def newcomer(self, number: int) -> Embedding:
        """Return somebody who is not enrolled."""
        newcomer: Embedding = self._block(_STRANGERS + 2)[1][number]
        return newcomer

    def _block(self, number: int) -> tuple[list[str], NDArray[np.float32]]:
        rng = np.random.default_rng([_SEED, number])
        digits = rng.bytes(16 * BLOCK).hex()
        faces = np.empty((BLOCK, self._dimensions), np.float32)
        faces[:, 0] = MEAN_LENGTH
        faces[:, 1:] = rng.standard_normal((BLOCK, self._dimensions - 1), np.float32) * self._spread
        return [digits[at : at + 32] for at in range(0, len(digits), 32)], unit_rows(faces)


def _same_person(faces: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn each face towards another one until their cosine is that of two visits."""
    others = others[: len(faces)]
    sideways = unit_rows(others - np.einsum("ij,ij->i", faces, others)[:, None] * faces)
    return unit_rows(_SAME_PERSON_COSINE * faces + np.sqrt(1 - _SAME_PERSON_COSINE**2) * sideways)


def unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows brought to length 1."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    directions: NDArray[np.float32] = (rows / lengths).astype(np.float32)
    return directions
