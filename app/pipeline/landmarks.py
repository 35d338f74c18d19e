"""The kept landmarks by their face-mesh number, and the lengths that everything else is measured in."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.pipeline.types import TRACKED_LANDMARKS

TrackedPoints: TypeAlias = NDArray[np.float32]
"""(len(TRACKED_LANDMARKS), 3) pixels: x right, y down, z away from the camera."""

_ROW_OF = {number: row for row, number in enumerate(TRACKED_LANDMARKS)}
_TRACKED = np.array(TRACKED_LANDMARKS)

# Face-mesh numbers by name. "Right" is the person's right: the left of an unmirrored picture.
RIGHT_EYE_OUTER, RIGHT_EYE_INNER = 33, 133
LEFT_EYE_OUTER, LEFT_EYE_INNER = 263, 362
RIGHT_SIDE, LEFT_SIDE = 234, 454
RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER = 61, 291
FOREHEAD, CHIN = 10, 152
NOSE_ROOT, NOSE_TIP, NOSE_BRIDGE, NOSE_BASE = 168, 1, 5, 2
RIGHT_CHEEK, LEFT_CHEEK = 50, 280

# Bone rather than muscle: nearly unmoved by speech, smiles and blinks.
RIGID_LANDMARKS: tuple[int, ...] = (
    33, 133, 362, 263, 1, 4, 5, 195, 197, 6, 168, 2, 98, 327, 234, 454, 127, 162, 21, 10, 338, 109, 103, 332,
    50, 280, 117, 346, 105, 334, 70, 300,
)  # fmt: skip


def keep_tracked(landmarks: NDArray[np.float32]) -> TrackedPoints:
    """Return the kept rows of a whole (478, 3) mesh."""
    return np.ascontiguousarray(landmarks[_TRACKED], dtype=np.float32)


def point(points: TrackedPoints, number: int) -> NDArray[np.float64]:
    """Return (3,) of one face-mesh number."""
    xyz: NDArray[np.float64] = points[_ROW_OF[number]].astype(np.float64)
    return xyz


def rows(numbers: tuple[int, ...]) -> list[int]:
    """Return where these face-mesh numbers are kept."""
    return [_ROW_OF[number] for number in numbers]


def eye_centers(points: TrackedPoints) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle between the corners of the right and of the left eye, (3,) each."""
    right = (point(points, RIGHT_EYE_OUTER) + point(points, RIGHT_EYE_INNER)) / 2
    left = (point(points, LEFT_EYE_OUTER) + point(points, LEFT_EYE_INNER)) / 2
    return right, left


def inter_eye_distance(points: TrackedPoints) -> float:
    """Return the 3D distance of the eye centres, pixels; a turned head does not shorten it."""
    right, left = eye_centers(points)
    return float(np.linalg.norm(left - right))


def inter_point_distance(points: TrackedPoints, first: int, second: int) -> float:
    """Return the distance in the picture of two face-mesh numbers, pixels."""
    return float(np.linalg.norm(point(points, first)[:2] - point(points, second)[:2]))


def face_width(points: TrackedPoints) -> float:
    """Return the 3D distance from side to side, pixels; a turned head does not shorten it."""
    return float(np.linalg.norm(point(points, LEFT_SIDE) - point(points, RIGHT_SIDE)))


def face_middle(points: TrackedPoints) -> NDArray[np.float64]:
    """Return (2,) pixels: the middle of sides, forehead and chin."""
    around = [point(points, number)[:2] for number in (RIGHT_SIDE, LEFT_SIDE, FOREHEAD, CHIN)]
    middle: NDArray[np.float64] = np.mean(around, axis=0)
    return middle
