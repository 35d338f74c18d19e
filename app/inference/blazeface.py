"""BlazeFace, the rear-camera variant (256 px), as an ONNX face detector."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.inference.alignment import Affine, apply, cut, invert
from app.inference.runtime import OnnxModel
from app.inference.types import RgbImage

# Grid side and anchors per cell of the two output layers (16×16×2 = 512, 8×8×6 = 384).
ANCHOR_GRIDS = ((16, 2), (8, 6))
Box: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height in pixels."""

# Order of the six key points of a detection.
RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)

# MediaPipe's own face detection graph keeps detections from 0.5 and suppresses overlaps from 0.3.
MIN_SCORE = 0.5
MAX_OVERLAP = 0.3
# Logits are clipped before the exponential, as MediaPipe's decoder does, to stay inside float32.
_MAX_LOGIT = 80.0


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One detected face, in pixels of the given picture."""

    centre: NDArray[np.float64]
    """(2,) of the box."""
    side: float
    """Of the square box."""
    keypoints: NDArray[np.float64]
    """(6, 2): right eye, left eye, nose, mouth, right ear, left ear (the person's own sides)."""
    score: float
    """Probability of a face, 0…1."""

    @property
    def box(self) -> Box:
        """The box as x, y, width, height in pixels."""
        x, y = (float(value) for value in self.centre - self.side / 2)
        return x, y, self.side, self.side

    @property
    def roll(self) -> float:
        """Angle of the eye line, radians; positive = turned clockwise in the picture."""
        across = self.keypoints[LEFT_EYE] - self.keypoints[RIGHT_EYE]
        return float(np.arctan2(across[1], across[0]))


def anchor_centres(size: int) -> NDArray[np.float32]:
    """Return (896, 2) anchor centres in pixels of the `size` pixel input, in output order."""
    layers = []
    for grid, count in ANCHOR_GRIDS:
        steps = (np.arange(grid) + 0.5) * size / grid
        columns, rows = np.meshgrid(steps, steps)
        layers.append(np.repeat(np.stack([columns, rows], axis=-1).reshape(-1, 2), count, axis=0))
    return np.concatenate(layers).astype(np.float32)


def suppress_overlaps(detections: list[Detection]) -> list[Detection]:
    """Return the detections that no more certain one overlaps, most certain first."""
    kept: list[Detection] = []
    for detection in sorted(detections, key=lambda found: found.score, reverse=True):
        if all(overlap(detection.box, other.box) < MAX_OVERLAP for other in kept):
            kept.append(detection)
    return kept


def overlap(first: Box, second: Box) -> float:
    """Return intersection over union, 0…1."""
    common = _common_length(first, second, 0) * _common_length(first, second, 1)
    union = first[2] * first[3] + second[2] * second[3] - common
    return common / union if union > 0 else 0.0


def _common_length(first: Box, second: Box, axis: int) -> float:
    low = max(first[axis], second[axis])
    high = min(first[axis] + first[axis + 2], second[axis] + second[axis + 2])
    return max(0.0, high - low)


class BlazeFaceDetector:
    """Finds faces that are not very small: from about one sixteenth of the picture's longer side."""

    def __init__(self, onnx: OnnxModel, min_score: float = MIN_SCORE) -> None:
        self._onnx = onnx
        self._anchors = anchor_centres(onnx.spec.input_size)
        self._min_score = min_score

    def detect(self, image: RgbImage) -> list[Detection]:
        """Return the faces in `image`, most certain first."""
        matrix = self._letterbox(image)
        outputs = self._onnx.run(cut(image, matrix, self._onnx.spec.input_size))
        logits = np.concatenate([outputs["scores_16"][0, :, 0], outputs["scores_8"][0, :, 0]])
        values = np.concatenate([outputs["boxes_16"][0], outputs["boxes_8"][0]])
        scores = 1 / (1 + np.exp(-np.clip(logits, -_MAX_LOGIT, _MAX_LOGIT)))
        candidates = np.flatnonzero(scores >= self._min_score)
        return self._decode(values[candidates], self._anchors[candidates], scores[candidates], invert(matrix))

    def _letterbox(self, image: RgbImage) -> Affine:
        """Return the transform that fits the whole picture, centred, into the input."""
        height, width = image.shape[:2]
        size = self._onnx.spec.input_size
        zoom = size / max(height, width)
        shift = [(size - width * zoom) / 2, (size - height * zoom) / 2]
        return np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])

    def _decode(
        self,
        values: NDArray[np.float32],
        anchors: NDArray[np.float32],
        scores: NDArray[np.float32],
        to_picture: Affine,
    ) -> list[Detection]:
        centres = apply(to_picture, values[:, :2] + anchors)
        zoom = float(np.hypot(*to_picture[:, 0]))
        sides = values[:, 2:4].max(axis=1) * zoom
        points = values[:, 4:].reshape(-1, 6, 2) + anchors[:, None]
        detections = [
            Detection(centres[index], float(sides[index]), apply(to_picture, points[index]), float(score))
            for index, score in enumerate(scores)
        ]
        return suppress_overlaps(detections)
