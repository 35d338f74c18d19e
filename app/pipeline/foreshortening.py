"""How the lengths in a face change when it turns or nods: what tells a head from a picture of one.

The landmark model draws a regular face into everything, also into a sheet of paper, which is why its depth is
not used, and why no single length tells. But a sheet has to be turned by 40-60° before the model reads 15°
from it, and by then its widths have shrunk by much more than those 15° explain; nose and far cheek of a head
come round instead. Each length is a logarithm relative to the same length when the face looked straight,
less what the measured angles explain (the cosine of a plane's foreshortening).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.pipeline.landmarks import TrackedPoints, inter_point_distance, point
from app.pipeline.types import HeadPose

Features = NDArray[np.float64]

# Face-mesh numbers: from side to side, eye corners, mouth corners, cheeks, temples, forehead.
_WIDTHS = ((234, 454), (33, 263), (61, 291), (50, 280), (162, 389), (103, 332))
# Forehead to chin and to the nose's base, root of the nose to its base and to the chin.
_HEIGHTS = ((10, 152), (10, 2), (168, 2), (168, 152))
_EYES, _MOUTH = (33, 263), (61, 291)
# Of each half of a face: an eye's corners, and its side. A turn brings one of them nearer.
_RIGHT_HALF, _LEFT_HALF = ((33, 133), 234), ((263, 362), 454)
_NOSE_ROOT = 168
_SHORTEST = 1e-3
# So that angles count about as much as the other features; degrees.
_TURN_UNIT, _NOD_UNIT = 15.0, 9.0

TURN_FEATURES: tuple[str, ...] = (
    *("width_sides", "width_eyes", "width_mouth", "width_cheeks", "width_temples", "width_forehead"),
    *("height_face", "height_forehead", "height_nose", "height_lower", "height_middle"),
    *("eyes_asymmetry", "halves_asymmetry", "turned", "nodded"),
)
NOD_FEATURES: tuple[str, ...] = (
    *TURN_FEATURES[:11],
    *("direction", "direction_by_shape", "nodded", "turned"),
)


def turn_features(
    face: TrackedPoints, pose: HeadPose, neutral: TrackedPoints, neutral_pose: HeadPose
) -> Features:
    """Return `TURN_FEATURES` of a turned face against the neutral one."""
    turned, nodded = pose.yaw - neutral_pose.yaw, pose.pitch - neutral_pose.pitch
    near, far = (_RIGHT_HALF, _LEFT_HALF) if turned > 0 else (_LEFT_HALF, _RIGHT_HALF)
    asymmetries = _halves(face, near, far) - _halves(neutral, near, far)
    angles = (abs(turned) / _TURN_UNIT, abs(nodded) / _NOD_UNIT)
    return np.concatenate([_changes(face, pose, neutral, neutral_pose), asymmetries, angles])


def nod_features(
    face: TrackedPoints, pose: HeadPose, neutral: TrackedPoints, neutral_pose: HeadPose
) -> Features:
    """Return `NOD_FEATURES` of a raised or lowered face against the neutral one."""
    turned, nodded = pose.yaw - neutral_pose.yaw, pose.pitch - neutral_pose.pitch
    changes = _changes(face, pose, neutral, neutral_pose)
    direction = float(np.sign(nodded))
    shape = direction * (changes[0] - changes[8])
    angles = (abs(nodded) / _NOD_UNIT, abs(turned) / _TURN_UNIT)
    return np.concatenate([changes, (direction, shape), angles])


def _changes(face: TrackedPoints, pose: HeadPose, neutral: TrackedPoints, neutral_pose: HeadPose) -> Features:
    """Return (11,) changes of the lengths beyond what the measured angles explain of a plane."""
    across = _log_cosine(pose.yaw) - _log_cosine(neutral_pose.yaw)
    upright = _log_cosine(pose.pitch) - _log_cosine(neutral_pose.pitch)
    explained = [across] * len(_WIDTHS) + [upright] * (len(_HEIGHTS) + 1)
    return _lengths(face) - _lengths(neutral) - explained


def median_points(faces: Sequence[TrackedPoints]) -> TrackedPoints:
    """Return the median of at least one face, point by point."""
    return np.asarray(np.median(faces, axis=0), np.float32)


def _lengths(points: TrackedPoints) -> Features:
    """Return (11,): logarithms of six widths and five heights."""
    eyes, mouth = (_middle(points, pair) for pair in (_EYES, _MOUTH))
    lengths = [inter_point_distance(points, *pair) for pair in (*_WIDTHS, *_HEIGHTS)]
    return np.log(np.maximum([*lengths, float(np.linalg.norm(eyes - mouth))], _SHORTEST))


def _halves(
    points: TrackedPoints, near: tuple[tuple[int, int], int], far: tuple[tuple[int, int], int]
) -> Features:
    """Return (2,): logarithms of how much longer eye and half are on the near side than on the far one."""
    eyes = [inter_point_distance(points, *corners) for corners, _ in (near, far)]
    sides = [inter_point_distance(points, side, _NOSE_ROOT) for _, side in (near, far)]
    lengths = np.log(np.maximum([eyes, sides], _SHORTEST))
    return np.asarray(lengths[:, 0] - lengths[:, 1])


def _middle(points: TrackedPoints, pair: tuple[int, int]) -> NDArray[np.float64]:
    return (point(points, pair[0])[:2] + point(points, pair[1])[:2]) / 2


def _log_cosine(degrees: float) -> float:
    return float(np.log(max(float(np.cos(np.radians(degrees))), _SHORTEST)))
