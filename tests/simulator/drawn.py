"""A face drawn by formula, for tests that need geometry and no real person (no detector takes it)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from app.inference.types import RgbImage
from app.sandbox.outline import EAR_LEFT, EAR_RIGHT, EYE_LEFT, EYE_RIGHT, FACE_OVAL, JAW_LEFT, JAW_RIGHT

SIZE = 600
MIDDLE = np.array([300.0, 260.0])
RADII = np.array([80.0, 105.0])
# Ears lie this far behind, the tip of the nose this far before the plane of the face, in pixels.
EAR_DEPTH, NOSE_DEPTH = 70.0, -40.0
NOSE_TIP = 1
FIXED_POINTS = {
    EYE_RIGHT: (-0.55, -0.3),
    EYE_LEFT: (0.55, -0.3),
    JAW_RIGHT: (-0.9, 0.2),
    JAW_LEFT: (0.9, 0.2),
    NOSE_TIP: (0.0, 0.0),
}


def drawn_landmarks() -> NDArray[np.float32]:
    """Return (478, 3) landmarks: the outline on an ellipse, eyes and nose in place, the rest filled in."""
    unit = _sunflower(478) * 0.93
    angles = np.linspace(0, 2 * np.pi, len(FACE_OVAL), endpoint=False)
    unit[list(FACE_OVAL)] = np.column_stack([np.sin(angles), -np.cos(angles)])
    for index, place in FIXED_POINTS.items():
        unit[index] = place
    unit[[EAR_RIGHT, EAR_LEFT]] = [(-1, 0), (1, 0)]
    radius = np.linalg.norm(unit, axis=1)
    depth = NOSE_DEPTH + (EAR_DEPTH - NOSE_DEPTH) * radius**2 * np.abs(unit[:, 0]).clip(0.3, 1)
    return np.column_stack([MIDDLE + unit * RADII, depth]).astype(np.float32)


def drawn_photo() -> RgbImage:
    """Return a (600, 600, 3) picture with structure everywhere: room, shoulders, head."""
    rng = np.random.default_rng(7)
    clouds = cv2.resize(rng.uniform(-30, 30, (75, 75, 3)).astype(np.float32), (SIZE, SIZE))
    canvas = np.full((SIZE, SIZE, 3), (90, 110, 140), np.float32)
    cv2.ellipse(canvas, (300, 620), (220, 260), 0, 0, 360, (40, 50, 70), -1)
    cv2.ellipse(canvas, (300, 240), (95, 140), 0, 0, 360, (60, 40, 30), -1)
    cv2.ellipse(canvas, (300, 260), (80, 105), 0, 0, 360, (205, 160, 135), -1)
    photo: RgbImage = np.clip(canvas + clouds, 0, 255).astype(np.uint8)
    return photo


def _sunflower(count: int) -> NDArray[np.float64]:
    """Spread points evenly over the unit disc."""
    index = np.arange(count) + 0.5
    radius, angle = np.sqrt(index / count), np.pi * (1 + 5**0.5) * index
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
