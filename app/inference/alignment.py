"""Cutting faces out of pictures: similarity transforms and upright squares."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.types import FaceGeometry, RgbImage

Affine: TypeAlias = NDArray[np.float64]
"""(2, 3) matrix from picture pixels to chip pixels."""

# Mesh points: outer corners of the right and of the left eye (the person's own right and left).
RIGHT_EYE_OUTER, LEFT_EYE_OUTER = 33, 263

# Bilinear sampling skips pixels when it shrinks by more than this; the picture is averaged first.
_MAX_BILINEAR_SHRINK = 2.0


def similarity_transform(source: NDArray[np.floating], target: NDArray[np.floating]) -> Affine:
    """Return the least-squares rotation, scale and shift from `source` to `target`, each (n, 2).

    Umeyama (1991) in its two-dimensional closed form: with centred points as complex numbers, scale
    and rotation are one complex factor.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    from_points = (source - source_mean) @ np.array([1, 1j])
    to_points = (target - target_mean) @ np.array([1, 1j])
    spread = np.sum(np.abs(from_points) ** 2)
    if spread == 0:
        raise ValueError("the points to align coincide")
    factor = np.sum(to_points * from_points.conj()) / spread
    rotation = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.hstack([rotation, (target_mean - rotation @ source_mean)[:, None]])


def roll_of(landmarks: NDArray[np.floating]) -> float:
    """Return the angle of the eye line, radians; positive = turned clockwise in the picture."""
    across = landmarks[LEFT_EYE_OUTER, :2] - landmarks[RIGHT_EYE_OUTER, :2]
    return float(np.arctan2(across[1], across[0]))


def upright_square(face: FaceGeometry, scale: float, size: int) -> Affine:
    """Return the transform of `scale` times the face's box, turned upright, to a `size` pixel chip."""
    x, y, width, height = face.box
    side = max(width, height) * scale
    return square_transform((x + width / 2, y + height / 2), side, roll_of(face.landmarks), size)


def square_transform(centre: tuple[float, float], side: float, angle: float, size: int) -> Affine:
    """Return the transform of a square, turned clockwise by `angle` radians, to a `size` pixel chip."""
    zoom = size / side
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    rotation = np.array([[cosine, sine], [-sine, cosine]])
    return np.hstack([rotation, (size / 2 - rotation @ np.array(centre))[:, None]])


def invert(matrix: Affine) -> Affine:
    """Return the inverse of an affine transform."""
    rotation = np.linalg.inv(matrix[:, :2])
    return np.hstack([rotation, (-rotation @ matrix[:, 2])[:, None]])


def apply(matrix: Affine, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return `points`, (n, 2), transformed."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], dtype=np.float64)


def cut(image: RgbImage, matrix: Affine, size: int) -> RgbImage:
    """Return the (size, size, 3) chip that `matrix` cuts out; black where it leaves the picture."""
    zoom = float(np.hypot(*matrix[:, 0]))
    if zoom * _MAX_BILINEAR_SHRINK < 1:
        image, matrix = _shrink(image, matrix, zoom)
    # pixel centres are at half coordinates here and at whole ones in OpenCV
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    return np.asarray(cv2.warpAffine(image, shifted, (size, size), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def _shrink(image: RgbImage, matrix: Affine, zoom: float) -> tuple[RgbImage, Affine]:
    """Return the picture averaged down to about the chip's resolution, and the matrix that goes with it."""
    height, width = image.shape[:2]
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    adapted = matrix.copy()
    adapted[:, 0] *= width / size[0]
    adapted[:, 1] *= height / size[1]
    return small, adapted
