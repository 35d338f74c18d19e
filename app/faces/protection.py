"""Template protection: every collection rotates its templates with its own secret orthonormal matrix.

A rotation keeps every angle, so comparison works on protected templates as it is. Without the matrix,
which is stored only sealed under the master key, a stolen database says nothing about a face, templates
of two collections cannot be linked, and destroying the sealed matrix destroys every template at once.
(ISO/IEC 24745 calls this a renewable biometric reference.)
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.errors import InputError
from app.faces.types import ProtectedTemplate
from app.inference.types import Embedding
from app.sealing import Purpose, Sealer

Rotation: TypeAlias = NDArray[np.float32]
"""(dimensions, dimensions), orthonormal to float32 precision."""

Randomness: TypeAlias = Callable[[int], bytes]
"""Gives so many unpredictable bytes; `os.urandom` in production."""

# float32 embeddings of length 1 are off by about 1e-7; anything beyond this was not normalised.
LENGTH_TOLERANCE = 1e-3


def random_rotation(dimensions: int, randomness: Randomness) -> Rotation:
    """Return a rotation drawn uniformly from all orthonormal matrices (Haar measure).

    QR of a Gaussian matrix with the signs of R's diagonal made positive: F. Mezzadri, "How to generate
    random matrices from the classical compact groups", Notices of the AMS 54 (2007).
    """
    gaussian = _gaussian(dimensions * dimensions, randomness).reshape(dimensions, dimensions)
    q, r = np.linalg.qr(gaussian)
    return (q * np.sign(np.diag(r))).astype(np.float32)


def _gaussian(count: int, randomness: Randomness) -> NDArray[np.float64]:
    # Box and Muller (1958) straight from the secure source: no generator state to predict.
    half = (count + 1) // 2
    radius = np.sqrt(-2.0 * np.log(_uniform(half, randomness)))
    angle = 2.0 * np.pi * _uniform(half, randomness)
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]


def _uniform(count: int, randomness: Randomness) -> NDArray[np.float64]:
    words = np.frombuffer(randomness(8 * count), dtype="<u8")
    uniform: NDArray[np.float64] = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return uniform  # in (0, 1): never 0, whose logarithm is infinite


def seal_rotation(sealer: Sealer, collection_id: str, rotation: Rotation) -> bytes:
    """Encrypt a rotation for its collection; it opens for no other one."""
    plaintext = rotation.astype("<f4").tobytes()
    return sealer.seal(Purpose.COLLECTION_ROTATION, collection_id, plaintext)


def open_rotation(sealer: Sealer, collection_id: str, sealed: bytes, dimensions: int) -> Rotation:
    """Decrypt a rotation; raise `SealBrokenError` when it is not this collection's."""
    plaintext = sealer.open(Purpose.COLLECTION_ROTATION, collection_id, sealed)
    return np.frombuffer(plaintext, dtype="<f4").reshape(dimensions, dimensions).astype(np.float32)


def protect(rotation: Rotation, embedding: Embedding) -> ProtectedTemplate:
    """Rotate an embedding into its collection's space; `InputError` unless it is one of length 1."""
    return _unit(rotation @ _checked(embedding, len(rotation)))


def unprotect(rotation: Rotation, protected: ProtectedTemplate) -> Embedding:
    """Rotate back: the inverse of an orthonormal matrix is its transpose."""
    return _unit(rotation.T @ _checked(protected, len(rotation)))


def _checked(vector: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    # A NaN would compare as "no hit" with everybody: refused here, before anything is searched.
    length = float(np.linalg.norm(vector)) if vector.shape == (dimensions,) else float("nan")
    if not abs(length - 1.0) <= LENGTH_TOLERANCE:
        raise InputError("template", f"must be {dimensions} finite numbers of Euclidean length 1")
    return vector.astype(np.float32, copy=False)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
