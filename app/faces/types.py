"""Values of the face collections."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.inference.types import Embedding

ProtectedTemplate: TypeAlias = NDArray[np.float32]
"""(dimensions,), length 1, rotated with a collection's secret matrix; comparable inside it alone."""


@dataclass(frozen=True, slots=True)
class TemplateKind:
    """What must be equal for two templates to be comparable at all."""

    recognition_model: str
    """For example `dlib-resnet29-v1`."""
    landmarker: str
    """For example `mediapipe-0.10.30/blazeface-short+facemesh-468`."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The fused face of one visit, not yet protected; lives in memory only."""

    embedding: Embedding
    """(dimensions,), Euclidean length 1."""
    effective_size: float
    """How many independent frames it is worth, 1 or more; near-identical frames count as one."""
    kind: TemplateKind


@dataclass(frozen=True, slots=True)
class Hit:
    """One stored face that resembles the probe."""

    face_id: str
    """32 hex."""
    external_ids: tuple[str, ...]
    """Every external id that names this face, sorted."""
    similarity: float
    """Cosine similarity, −1…1, higher = more alike."""
