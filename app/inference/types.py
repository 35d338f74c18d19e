"""What the models return: frozen, with unit and range of every field."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

RgbImage: TypeAlias = NDArray[np.uint8]
"""(height, width, 3), red first, 0…255, contiguous."""

Embedding: TypeAlias = NDArray[np.float32]
"""(dimensions,), Euclidean length 1."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceGeometry:
    """One face as the landmarker sees it."""

    landmarks: NDArray[np.float32]
    """(478, 3) pixels of the given picture: x right, y down, z away from the camera in the same
    unit with the head's centre near 0. Points 468-477 are eye centres, never gaze or iris."""

    box: tuple[float, float, float, float]
    """x, y, width, height in pixels: the detector's square box, or its equivalent made from the
    landmarks when the engine does not give one. May reach outside of the picture."""

    presence: float
    """Probability that this is a face, 0…1. An engine that gates internally and does not say how
    sure it was gives 1.0."""


@dataclass(frozen=True, slots=True)
class Demographics:
    """Apparent age and gender of one face in one frame."""

    age_years: float
    """Expectation over the model's ages, years, 0…100."""

    male_probability: float
    """0 = female, 1 = male."""


class FaceLandmarkerEngine(Protocol):
    """Finds faces and their landmarks; implementations: MediaPipe Tasks and ONNX Runtime."""

    name: str
    """Goes onto every template and result: enrolment and verification must use the same one."""

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        """Return up to `max_faces` faces, largest first; an empty list when there is none."""
        ...


class FaceEngine(Protocol):
    """Every model behind one door; pipeline code and tests depend on this, never on a runtime."""

    landmarker_name: str
    """For example `mediapipe-0.10.30/blazeface-short+facemesh-468`."""
    recognition_model: str
    """For example `dlib-resnet29-v1`; also the name of its calibration file."""
    embedding_dimensions: int
    """Length of every embedding."""
    pad_model: str
    """Passive presentation attack detection model."""
    demographics_models: tuple[str, ...]
    """Models whose mean is reported."""

    def detect(self, image: RgbImage, max_faces: int) -> list[FaceGeometry]:
        """Return up to `max_faces` faces, largest first."""
        ...

    def embed(self, image: RgbImage, face: FaceGeometry) -> Embedding:
        """Return the length-1 recognition embedding of one face (chip and mirror image averaged)."""
        ...

    def estimate_demographics(self, image: RgbImage, face: FaceGeometry) -> Demographics:
        """Return the mean of the age and gender models."""
        ...

    def bona_fide_score(self, image: RgbImage, face: FaceGeometry) -> float:
        """Return the passive liveness score, 0…1, higher = more like a live capture."""
        ...
