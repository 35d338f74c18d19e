"""Where a simulated head is and how it gets from one pose to the next, as a person moves."""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.errors import InputError
from app.vocabulary import Guidance

# Nearer than this the camera would be inside of the ellipsoid that carries the hair.
MIN_DISTANCE = 0.4


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Pose relative to the photo; the default is the photo itself."""

    yaw_deg: float = 0.0
    """Degrees; above 0 the person turns to their own left: the nose moves to the right edge of
    the unmirrored picture."""

    pitch_deg: float = 0.0
    """Degrees; above 0 the person looks up."""

    roll_deg: float = 0.0
    """Degrees; above 0 the head tilts clockwise as seen in the unmirrored picture."""

    distance: float = 1.0
    """Camera to head, 1 = as in the photo; the face is about 1/distance as large."""

    dx: float = 0.0
    """Shift to the right edge, in widths of the picture at distance 1."""

    dy: float = 0.0
    """Shift down, in widths of the picture at distance 1."""

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if not all(map(math.isfinite, self._values())):
            raise InputError("pose", "every value must be a finite number")
        if self.distance < MIN_DISTANCE:
            raise InputError("distance", f"must be at least {MIN_DISTANCE}")

    def toward(self, other: "HeadPose", share: float) -> "HeadPose":
        """Return the pose `share` (0…1) of the way to `other`."""
        pairs = zip(self._values(), other._values(), strict=True)
        return HeadPose(*(a + (b - a) * share for a, b in pairs))

    def _values(self) -> tuple[float, ...]:
        # Many times quicker than `dataclasses.astuple`, which copies.
        return (self.yaw_deg, self.pitch_deg, self.roll_deg, self.distance, self.dx, self.dy)

    def swayed(self, sway: "HeadPose") -> "HeadPose":
        """Return this pose with the small offsets of `sway` added (its distance is a factor)."""
        a, b = self, sway
        return HeadPose(
            a.yaw_deg + b.yaw_deg,
            a.pitch_deg + b.pitch_deg,
            a.roll_deg + b.roll_deg,
            a.distance * b.distance,
            a.dx + b.dx,
            a.dy + b.dy,
        )


NEUTRAL = HeadPose()

# What a cooperative person does when asked. 28° and 20° are comfortable turns (the neck reaches
# about 70° and 50°); the two sizes are a lean towards and away from a screen at 50 cm.
POSE_OF_GUIDANCE: dict[Guidance, HeadPose] = {
    Guidance.LOOK_STRAIGHT: NEUTRAL,
    Guidance.HOLD_STILL: NEUTRAL,
    Guidance.GOOD: NEUTRAL,
    Guidance.LOOK_LEFT: HeadPose(yaw_deg=28.0),
    Guidance.LOOK_RIGHT: HeadPose(yaw_deg=-28.0),
    Guidance.LOOK_UP: HeadPose(pitch_deg=20.0),
    Guidance.LOOK_DOWN: HeadPose(pitch_deg=-20.0),
    Guidance.COME_NEARER: HeadPose(distance=1 / 1.5),
    Guidance.GO_FARTHER: HeadPose(distance=1 / 0.72),
}

# Largest excursion per channel of a person who tries to hold still in front of a screen: about
# half a degree and a few millimetres (quiet-stance head sway is of that order).
SWAY_AMPLITUDE = np.array([0.5, 0.35, 0.25, 0.004, 0.0015, 0.0012])
SWAY_HERTZ = np.array([0.11, 0.23, 0.47, 0.91])
# Slow sway is wider than quick sway.
SWAY_SHARE = np.array([0.4, 0.3, 0.2, 0.1])


@dataclass(frozen=True, slots=True)
class IdleLife:
    """The small movements of somebody who holds still; the same seed moves the same way."""

    seed: int = 0

    def sway(self, seconds: float) -> HeadPose:
        """Return the offsets at a moment, to be used with `HeadPose.swayed`."""
        waves = np.sin(2 * np.pi * SWAY_HERTZ * seconds + _phases(self.seed)) @ SWAY_SHARE
        yaw, pitch, roll, nearer, dx, dy = (SWAY_AMPLITUDE * waves).tolist()
        return HeadPose(yaw, pitch, roll, 1 + nearer, dx, dy)


@lru_cache(maxsize=256)
def _phases(seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).uniform(0, 2 * np.pi, (6, len(SWAY_HERTZ)))


def minimum_jerk(share: float) -> float:
    """Return how far a reaching movement is after `share` of its time, both 0…1.

    Flash and Hogan 1985: 10 t³ − 15 t⁴ + 6 t⁵.
    """
    t = min(max(share, 0.0), 1.0)
    return t * t * t * (10 - 15 * t + 6 * t * t)


@dataclass(slots=True)
class HeadMotion:
    """A head that is told where to go; `at` and every other time in seconds of one clock."""

    life: IdleLife = field(default_factory=IdleLife)
    _start: HeadPose = NEUTRAL
    _goal: HeadPose = NEUTRAL
    _began: float = 0.0
    _lasts: float = 0.0

    def move(self, goal: HeadPose, at: float, lasts: float) -> None:
        """Begin to move to `goal` from wherever the head is at that moment."""
        self._start, self._goal, self._began, self._lasts = self._planned(at), goal, at, lasts

    def pose(self, at: float) -> HeadPose:
        """Return the pose at a moment, idle sway included."""
        return self._planned(at).swayed(self.life.sway(at))

    def _planned(self, at: float) -> HeadPose:
        share = 1.0 if self._lasts <= 0 else (at - self._began) / self._lasts
        return self._start.toward(self._goal, minimum_jerk(share))


def rotation(pose: HeadPose) -> NDArray[np.float64]:
    """Return the (3, 3) rotation of x right, y down, z away from the camera: pitch, yaw, roll."""
    yaw, pitch, roll = np.radians((pose.yaw_deg, pose.pitch_deg, pose.roll_deg))
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in (yaw, pitch, roll))
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    rotated: NDArray[np.float64] = about_z @ about_y @ about_x
    return rotated
