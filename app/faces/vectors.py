"""Arithmetic on templates, the same for protected ones: a rotation changes no angle and no sum."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.faces.types import ProtectedTemplate
from app.models import Face

LITTLE_ENDIAN_FLOAT32 = "<f4"


def cosine_similarity(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Return the cosine of two vectors of length 1, −1…1."""
    return float(np.clip(first @ second, -1.0, 1.0))


def fused(embeddings: Sequence[NDArray[np.float32]], weights: Sequence[float]) -> NDArray[np.float32]:
    """Return the weighted mean of vectors of length 1, brought back to length 1."""
    mean = np.average(np.stack(embeddings).astype(np.float64), axis=0, weights=weights)
    direction: NDArray[np.float32] = (mean / np.linalg.norm(mean)).astype(np.float32)
    return direction


def stored_template(face: Face) -> ProtectedTemplate:
    """Read the protected template of a stored face."""
    return np.frombuffer(face.protected_template, LITTLE_ENDIAN_FLOAT32).astype(np.float32)


def template_bytes(protected: ProtectedTemplate) -> bytes:
    """Write a protected template as it is stored."""
    return protected.astype(LITTLE_ENDIAN_FLOAT32).tobytes()
