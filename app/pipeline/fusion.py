"""One template out of several frames: near-identical frames count once, different ones count each."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.inference.types import Embedding
from app.pipeline.identity import comparable_faces
from app.pipeline.quality import limiting_component
from app.pipeline.types import CaptureRecord, FaceMeasurement

# Cosine similarity of two different photos of one person (median of 4,500 LFW pairs, dlib ResNet on the
# MediaPipe mesh, November 2026): frames no more alike than this are independent views.
INDEPENDENT_SIMILARITY = 0.957
# A mean luma of one level of 255: darker is nothing to take a logarithm of.
DARKEST = 1 / 255


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
    """Return the embeddings that recognition may fuse: those of `recognition_faces`."""
    return [face.embedding for face in recognition_faces(record) if face.embedding is not None]


def recognition_faces(record: CaptureRecord) -> list[FaceMeasurement]:
    """Return the embedded faces that recognition may fuse.

    Only those that continuity has compared strictly, or else a face shown for a moment in another pose would
    get into the template unchecked; of those the usable ones, or all when none is.
    """
    faces = comparable_faces(record)
    good = [face for face in faces if limiting_component(face.quality) is None]
    return good or faces


def next_embeddings(record: CaptureRecord) -> list[Embedding]:
    """Return what the succeeding model made of the same faces; empty unless the model is being changed."""
    return [face.next_embedding for face in recognition_faces(record) if face.next_embedding is not None]


def variety(faces: Sequence[FaceMeasurement]) -> dict[str, float]:
    """Return how much pose, degrees, and light, stops, vary over the fused faces: largest less smallest.

    Told to the operator, never counted: what another pose or light adds shows in the embeddings. To count
    fewer frames than the embeddings are worth would lower the threshold, which rises with the size.
    """
    yaw, pitch = ([getattr(face.pose, name) for face in faces] for name in ("yaw", "pitch"))
    stops = [math.log2(max(face.quality.luminance, DARKEST)) for face in faces]
    return {
        "fused_frames": len(faces),
        "pose_spread": round(max(_spread(yaw), _spread(pitch)), 2),
        "light_spread": round(_spread(stops), 3),
    }


def _spread(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _likeness(stacked: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, n): 1 for equal frames, 0 for independent ones."""
    likeness: NDArray[np.float64] = np.clip(
        (stacked @ stacked.T - INDEPENDENT_SIMILARITY) / (1 - INDEPENDENT_SIMILARITY), 0, 1
    )
    np.fill_diagonal(likeness, 1)
    return likeness
