"""Linear-light colour of the face and of what is around it: the raw material of the light challenge."""

from dataclasses import dataclass

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
# The outline of the face; half side of its patches, in face widths; how far they are drawn to the middle.
OUTLINE = (234, 454, 127, 93, 323, 132, 361, 58, 288, 172, 397, 136, 365)
RIM_PATCH_HALF, RIM_INSET = 0.045, 0.06
# The ring begins beyond hair and ears and ends before the far corners, in half face widths.
RING_INNER, RING_OUTER = 1.7, 3.2
# The background is looked at in cells, so many of them across the picture.
BACKGROUND_COLUMNS = 80
# What counts as the face when it is compared with the wall, in half face widths.
FACE_REACH = 0.8
# A cell with a channel up here or down there may be clipped; so many of them, as a share, are too many to
# tell a colour.
CLIPPED, MAX_CLIPPED = 248, 0.2
BLACK, MAX_BLACK = 7, 0.5
# So many cells, as a share, within so many 8-bit levels are too plain for a wall.
PLAIN_LEVELS, MAX_PLAIN = 3, 0.5


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


def rim_rgb(image: RgbImage, points: TrackedPoints) -> Rgb:
    """Return the mean linear RGB, 0…1, of patches just inside the outline of the face.

    There the skin turns away from the screen: its light falls on the rim with a part of what the middle gets.
    """
    half = max(1, round(RIM_PATCH_HALF * face_width(points)))
    middle = face_middle(points)
    spots = (point(points, number)[:2] for number in OUTLINE)
    patches = [_patch(image, spot + RIM_INSET * (middle - spot), half) for spot in spots]
    means = [_mean(patch) for patch in patches if patch.size]
    return _rgb(np.mean(means, axis=0)) if means else (0.0, 0.0, 0.0)


def background_rgb(image: RgbImage, points: TrackedPoints) -> Rgb | None:
    """Return the mean linear RGB, 0…1, of the background; None where a colour laid over it could hide."""
    background = look_around(image, points)
    return background.rgb if background.readable else None


@dataclass(frozen=True, slots=True)
class Background:
    """What is around a head."""

    rgb: Rgb
    """Mean linear RGB, 0…1, of the darker half of a ring around the head, above the chin: the brighter half
    may be clipped, by a lamp or a window."""
    readable: bool
    """False where a colour laid over the picture could hide: where the face fills it; where the wall is
    clipped, or black, or brighter than the face and yet so even that it was clipped before something darkened
    it. No wall that light falls on is of one colour."""


def look_around(image: RgbImage, points: TrackedPoints) -> Background:
    """Measure the background of a face."""
    stride = max(1, image.shape[1] // BACKGROUND_COLUMNS)
    height, width = image.shape[0] // stride, image.shape[1] // stride
    cells = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    distance = _distance((height, width), stride, points)
    ring, face = cells[_is_ring(distance, stride, points)], cells[distance <= FACE_REACH]
    if not (ring.size and face.size):
        return Background((0.0, 0.0, 0.0), readable=False)
    darker = _darker_half(ring)
    is_plain = ring.mean() > face.mean() and _plainness(ring) > MAX_PLAIN
    return Background(_rgb(_mean(darker)), _is_unclipped(darker) and not is_plain)


def _darker_half(pixels: RgbImage) -> RgbImage:
    """Return the pixels (n, 3) whose sum of channels is not above the median."""
    sums = pixels.sum(axis=1, dtype=np.uint16)
    half = len(sums) // 2
    darker: RgbImage = pixels[np.argpartition(sums, half)[: half + 1]]
    return darker


def _is_unclipped(cells: RgbImage) -> bool:
    clipped, black = (cells >= CLIPPED).any(axis=1).mean(), (cells <= BLACK).any(axis=1).mean()
    return bool(clipped <= MAX_CLIPPED and black <= MAX_BLACK)


def _plainness(cells: RgbImage) -> float:
    """Return the largest share of cells (n, 3) whose mean lies in a window of `PLAIN_LEVELS` 8-bit levels."""
    counts = np.bincount(cells.sum(axis=1, dtype=np.int64) // 3, minlength=256)
    return float(np.convolve(counts, np.ones(PLAIN_LEVELS, np.int64)).max() / len(cells))


def _skin_spots(points: TrackedPoints) -> list[NDArray[np.float64]]:
    forehead = (point(points, FOREHEAD) + point(points, NOSE_ROOT)) / 2
    others = [point(points, number) for number in (RIGHT_CHEEK, LEFT_CHEEK, NOSE_BRIDGE)]
    return [forehead, *others]


def _patch(image: RgbImage, spot: NDArray[np.float64], half: int) -> RgbImage:
    x, y = round(float(spot[0])), round(float(spot[1]))
    return image[max(y - half, 0) : max(y + half + 1, 0), max(x - half, 0) : max(x + half + 1, 0)]


def _distance(shape: tuple[int, int], stride: int, points: TrackedPoints) -> NDArray[np.float64]:
    """Return (h, w): how far from the middle of the face each cell is, in half face widths."""
    middle, half = face_middle(points), max(face_width(points) / 2, 1.0)
    y, x = (np.arange(count) * stride for count in shape)
    distance: NDArray[np.float64] = np.hypot(x[None, :] - middle[0], y[:, None] - middle[1]) / half
    return distance


def _is_ring(distance: NDArray[np.float64], stride: int, points: TrackedPoints) -> NDArray[np.bool_]:
    above_chin = np.arange(len(distance))[:, None] * stride < point(points, CHIN)[1]
    ring: NDArray[np.bool_] = (distance >= RING_INNER) & (distance <= RING_OUTER) & above_chin
    return ring


def _mean(pixels: RgbImage) -> NDArray[np.float64]:
    flat = np.ascontiguousarray(pixels).reshape(1, -1, 3)
    return np.array(cv2.mean(cv2.LUT(flat, _LINEAR))[:3])


def _rgb(values: NDArray[np.float64]) -> Rgb:
    red, green, blue = values.tolist()
    return (red, green, blue)
