"""Linear-light colour of the face and of what is around it: the raw material of the light challenge."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.types import RgbImage
from app.pipeline.landmarks import (
    CHIN,
    FOREHEAD,
    LEFT_CHEEK,
    NOSE_BRIDGE,
    NOSE_ROOT,
    RIGHT_CHEEK,
    TrackedPoints,
    face_middle,
    face_width,
    point,
)

Rgb = tuple[float, float, float]

# Half side of a skin patch, in face widths.
PATCH_HALF = 0.09
# The ring begins beyond hair and ears and ends before the far corners, in half face widths.
RING_INNER, RING_OUTER = 1.7, 3.2
# Every n-th pixel of the background is looked at, so that about this many columns are left.
BACKGROUND_COLUMNS = 80
# A pixel with a channel up here may be clipped; so many of them, as a share, are too many to tell a colour.
CLIPPED, MAX_CLIPPED = 250, 0.2


def _srgb_to_linear() -> NDArray[np.float32]:
    """IEC 61966-2-1."""
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


_LINEAR = _srgb_to_linear()


def face_rgb(image: RgbImage, points: TrackedPoints) -> Rgb:
    """Return the mean linear RGB, 0…1, of patches on forehead, cheeks and nose, each counting the same."""
    half = max(1, round(PATCH_HALF * face_width(points)))
    patches = [_patch(image, spot, half) for spot in _skin_spots(points)]
    means = [_mean(patch) for patch in patches if patch.size]
    return _rgb(np.mean(means, axis=0)) if means else (0.0, 0.0, 0.0)


def background_rgb(image: RgbImage, points: TrackedPoints) -> Rgb:
    """Return the mean linear RGB, 0…1, of the darker half of a ring around the head, above the chin.

    The brighter half may be clipped, by a lamp or a white wall, and what is clipped hides that a colour was
    laid over it. A face that fills the picture has no background, nor has one before a wall that is clipped
    altogether: then the face's own colour is returned, which makes every difference zero and can therefore
    prove nothing.
    """
    stride = max(1, image.shape[1] // BACKGROUND_COLUMNS)
    sparse = image[::stride, ::stride]
    ring = _darker_half(sparse[_ring(sparse.shape[:2], stride, points)])
    return _rgb(_mean(ring)) if _is_readable(ring) else face_rgb(image, points)


def _darker_half(pixels: RgbImage) -> RgbImage:
    """Return the pixels (n, 3) whose sum of channels is not above the median."""
    if not pixels.size:
        return pixels
    sums = pixels.sum(axis=1, dtype=np.uint16)
    half = len(sums) // 2
    darker: RgbImage = pixels[np.argpartition(sums, half)[: half + 1]]
    return darker


def _is_readable(pixels: RgbImage) -> bool:
    return bool(pixels.size) and float((pixels >= CLIPPED).any(axis=1).mean()) <= MAX_CLIPPED


def _skin_spots(points: TrackedPoints) -> list[NDArray[np.float64]]:
    forehead = (point(points, FOREHEAD) + point(points, NOSE_ROOT)) / 2
    others = [point(points, number) for number in (RIGHT_CHEEK, LEFT_CHEEK, NOSE_BRIDGE)]
    return [forehead, *others]


def _patch(image: RgbImage, spot: NDArray[np.float64], half: int) -> RgbImage:
    x, y = round(float(spot[0])), round(float(spot[1]))
    return image[max(y - half, 0) : max(y + half + 1, 0), max(x - half, 0) : max(x + half + 1, 0)]


def _ring(shape: tuple[int, ...], stride: int, points: TrackedPoints) -> NDArray[np.bool_]:
    middle, half = face_middle(points), max(face_width(points) / 2, 1.0)
    y = np.arange(shape[0])[:, None] * stride
    x = np.arange(shape[1])[None, :] * stride
    distance = np.hypot(x - middle[0], y - middle[1]) / half
    above_chin = y < point(points, CHIN)[1]
    ring: NDArray[np.bool_] = (distance >= RING_INNER) & (distance <= RING_OUTER) & above_chin
    return ring


def _mean(pixels: RgbImage) -> NDArray[np.float64]:
    flat = np.ascontiguousarray(pixels).reshape(1, -1, 3)
    return np.array(cv2.mean(cv2.LUT(flat, _LINEAR))[:3])


def _rgb(values: NDArray[np.float64]) -> Rgb:
    red, green, blue = values.tolist()
    return (red, green, blue)
