"""One template out of several frames: near-identical frames count once, different ones count each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.inference.types import Embedding
from app.pipeline.identity import comparable_faces
from app.pipeline.quality import limiting_component
from app.pipeline.types import CaptureRecord

# Cosine similarity of two different photos of one person (median of 4,500 LFW pairs, dlib ResNet on the
# MediaPipe mesh, November 2026): frames no more alike than this are independent views.
INDEPENDENT_SIMILARITY = 0.957


def fuse(embeddings: Sequence[Embedding]) -> tuple[Embedding, float]:
    """Return the length-1 weighted mean and how many independent frames it is worth, 1…n.

    The weight of a frame is 1 / (sum of its likeness to all frames, itself included), as sequences are
    weighted in a profile: n copies of one frame weigh as much as that frame alone. Raises `ValueError`
    without embeddings.
    """
    if not embeddings:
        raise ValueError("nothing to fuse")
    stacked = np.stack([np.asarray(embedding, np.float64) for embedding in embeddings])
    weights = 1 / _likeness(stacked).sum(axis=1)
    mean = weights @ stacked
    fused: Embedding = (mean / np.linalg.norm(mean)).astype(np.float32)
    return fused, float(weights.sum())


def recognition_embeddings(record: CaptureRecord) -> list[Embedding]:
    """Return the embeddings that recognition may fuse.

    Only those that continuity has compared strictly, or else a face shown for a moment in another pose would
    get into the template unchecked; of those the usable ones, or all when none is.
    """
    faces = comparable_faces(record)
    good = [face for face in faces if limiting_component(face.quality) is None]
    return [face.embedding for face in good or faces if face.embedding is not None]


def _likeness(stacked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, n): 1 for equal frames, 0 for independent ones."""
    likeness: NDArray[np.float64] = np.clip(
        (stacked @ stacked.T - INDEPENDENT_SIMILARITY) / (1 - INDEPENDENT_SIMILARITY), 0, 1
    )
    np.fill_diagonal(likeness, 1)
    return likeness
