"""The outline of a face in polar coordinates, and the head, neck and body that hang on it."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

# The closed outline of the face mesh, from the hairline over the person's left ear to the chin.
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
EYE_RIGHT, EYE_LEFT = 33, 263
EAR_RIGHT, EAR_LEFT, JAW_RIGHT, JAW_LEFT = 234, 454, 132, 361
FOREHEAD, CHIN = 10, 152

# The atlas lies a little behind the line between the ears, in widths of the face.
PIVOT_DEPTH = 0.08
# Where the head ends, in radii of the face outline: hair above, ear at the side, jaw below.
# Tight at the jaw: what is next to it in the photo is background, and would be smeared over the
# cheek that a turn uncovers.
RIM_UP, RIM_SIDE, RIM_DOWN = 1.5, 1.2, 1.03
# Below the ears the solid ends soon behind the outline, in widths of the face, for the same reason.
JAW_DEPTH = 0.08
# How far the turn is still felt outside of the rim (hair and neck give way softly), same unit.
SOFT_SIDE, SOFT_DOWN = 0.7, 0.9


def face_width(landmarks: Floats) -> float:
    """Return the distance between the ears along the picture, in the landmarks' unit."""
    return float(np.linalg.norm(landmarks[EAR_LEFT, :2] - landmarks[EAR_RIGHT, :2]))


def _smooth(share: Floats) -> Floats:
    t = np.clip(share, 0.0, 1.0)
    smooth: Floats = t * t * (3 - 2 * t)
    return smooth


class FaceOutline:
    """The outline of the face in polar coordinates, and the head, neck and body that hang on it."""

    def __init__(self, landmarks: Floats, top: int) -> None:
        self._top = top
        oval = landmarks[list(FACE_OVAL)]
        self.width = face_width(landmarks)
        self.middle = oval[:, :2].mean(axis=0)
        up = landmarks[FOREHEAD, :2] - landmarks[CHIN, :2]
        self.up = up / np.linalg.norm(up)
        offset = oval[:, :2] - self.middle
        angle = np.arctan2(offset[:, 1], offset[:, 0])
        order = np.argsort(angle)
        self._angle, self._radius = angle[order], np.linalg.norm(offset, axis=1)[order]
        self._depth = oval[order, 2]
        self._rim_depth = landmarks[[EAR_RIGHT, EAR_LEFT], 2].mean() + PIVOT_DEPTH * self.width

    def at(self, angle: Floats, values: Floats) -> Floats:
        """Interpolate a value of the outline around the circle."""
        return np.interp(angle, self._angle, values, period=2 * np.pi)

    def ring(self, share: float) -> Floats:
        """Return (36, 2) points between the face (0) and the rim of the head (1) or beyond it."""
        direction = np.column_stack([np.cos(self._angle), np.sin(self._angle)])
        rim = self._rim(direction @ self.up)
        ring: Floats = self.middle + direction * (self._radius * (1 + share * (rim - 1)))[:, None]
        return ring

    def outside(self, points: Floats, share: float) -> NDArray[np.bool_]:
        """Tell which points lie outside of `ring(share)`."""
        radii, upness, _ = self._polar(points)
        return radii > 1 + share * (self._rim(upness) - 1)

    def turn(self, points: Floats) -> Floats:
        """Head 1, room and shoulders 0, hair and neck in between."""
        radii, upness, _ = self._polar(points)
        neck = _smooth(-upness * 1.6 - 0.4)
        begin = self._rim(upness) * (1 - neck) + neck
        return 1 - _smooth((radii - begin) / (SOFT_SIDE + neck * (SOFT_DOWN - SOFT_SIDE)))

    def travel(self, points: Floats, frame_width: int) -> Floats:
        """Head and body 1, edges of the picture 0."""
        radii, upness, unit = self._polar(points)
        border = self._to_border(points, frame_width) / unit
        body = _smooth((-upness - 0.3) / 0.45)
        rim = self._rim(upness) * 1.05
        begin = rim + body * np.maximum(border - rim, 0)
        return 1 - _smooth((radii - begin) / np.maximum(border - begin, 1e-6))

    def depth(self, points: Floats) -> Floats:
        """Continue the face as an ellipsoid that is tangent to the line of sight at the rim."""
        radii, upness, _ = self._polar(points)
        share = np.clip((radii - 1) / (self._rim(upness) - 1), 0.0, 1.0)
        face = self.at(self._angle_of(points), self._depth)
        jaw = _smooth((-upness - 0.1) / 0.3)
        rim = np.maximum(self._rim_depth + jaw * (face + JAW_DEPTH * self.width - self._rim_depth), face)
        depth: Floats = rim - (rim - face) * np.sqrt(1 - share * share)
        return depth

    def _rim(self, upness: Floats) -> Floats:
        above, below = np.clip(upness, 0, 1) ** 2, _smooth((-upness - 0.1) / 0.3)
        rim: Floats = RIM_SIDE + above * (RIM_UP - RIM_SIDE) + below * (RIM_DOWN - RIM_SIDE)
        return rim

    def _angle_of(self, points: Floats) -> Floats:
        offset = points - self.middle
        angle: Floats = np.arctan2(offset[:, 1], offset[:, 0])
        return angle

    def _polar(self, points: Floats) -> tuple[Floats, Floats, Floats]:
        """Distance in radii of the outline, cosine with the head's up, and that radius in pixels."""
        offset = points - self.middle
        length = np.linalg.norm(offset, axis=1)
        unit = self.at(self._angle_of(points), self._radius)
        return length / unit, offset @ self.up / np.maximum(length, 1e-9), unit

    def _to_border(self, points: Floats, frame_width: int) -> Floats:
        """Distance along the ray from the face to the left, right or upper edge of the texture."""
        offset = points - self.middle
        direction = offset / np.maximum(np.linalg.norm(offset, axis=1, keepdims=True), 1e-9)
        aside = np.where(direction[:, 0] > 0, frame_width - self.middle[0], self.middle[0])
        sideways = aside / np.maximum(np.abs(direction[:, 0]), 1e-6)
        upwards = (self.middle[1] - self._top) / np.maximum(-direction[:, 1], 1e-6)
        border: Floats = np.minimum(sideways, upwards)
        return border
