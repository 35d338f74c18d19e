"""What the real models read from every body in every pose, looked up instead of rendered anew.

A table has a node every few degrees of yaw and pitch. A node is rendered and measured when it is first
needed; in between, rows are interpolated. What a camera adds is drawn from residuals: the differences between
what was measured through that very camera in random poses, and what the table says for them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.inference.types import FaceEngine, RgbImage
from app.pipeline.colour import Rgb, face_rgb, look_around, rim_rgb
from app.pipeline.landmarks import TrackedPoints
from app.sandbox.head import Head
from app.sandbox.pose import HeadPose
from app.sandbox.render import ScreenLight
from app.simulation.pixels import scene_of
from app.simulation.readings import Row, points_of, read_row
from app.simulation.sight import Sight

# Degrees between two nodes: landmarks in between are off by less than they jitter.
STEP = 7.0
# Linear light with which a node is lit to learn how much of it arrives at the face and at the wall.
PROBE = 0.3


@dataclass(frozen=True, slots=True)
class LightShares:
    """How much of the screen's light arrives, 1 = facing it at distance 1."""

    face: float
    rim: float
    hair: float
    """What arrives around the face with `ScreenLight.room` = 0."""
    room: float
    """What `ScreenLight.room` = 1 adds to it."""

    def background(self, room: float) -> float:
        """Return what arrives around the face."""
        return self.hair + room * self.room


@dataclass(slots=True)
class BodyTable:
    """One body, as seen with the naked eye or on a display."""

    body: Head
    on_display: bool
    engine: FaceEngine
    _rows: dict[tuple[int, int], Row | None] = field(default_factory=dict)
    _lights: dict[tuple[int, int], LightShares] = field(default_factory=dict)

    def row(self, yaw: float, pitch: float) -> Row | None:
        """Return the interpolated row; None where the models see no face."""
        corners = _corners(yaw / STEP, pitch / STEP)
        weighted = [(self._node(key), weight) for key, weight in corners if weight > 0]
        nearest, _ = max(weighted, key=lambda pair: pair[1])
        if nearest is None:
            return None
        known = [(row, weight) for row, weight in weighted if row is not None]
        total = sum(weight for _, weight in known)
        return np.asarray(sum(row * (weight / total) for row, weight in known))

    def light(self, yaw: float, pitch: float) -> LightShares:
        """Return how much of the screen's light arrives, at the nearest node."""
        key = (round(yaw / STEP), round(pitch / STEP))
        if key not in self._lights:
            self._lights[key] = self._probe(key)
        return self._lights[key]

    def _node(self, key: tuple[int, int]) -> Row | None:
        if key not in self._rows:
            scene = scene_of(Sight(self.body, _pose(key), on_display=self.on_display))
            self._rows[key] = read_row(scene, self.engine)
        return self._rows[key]

    def _probe(self, key: tuple[int, int]) -> LightShares:
        row = self._node(key)
        if row is None:
            return LightShares(0.0, 0.0, 0.0, 0.0)
        kept = points_of(row)
        white = (PROBE, PROBE, PROBE)
        dark, alone, both = (
            scene_of(Sight(self.body, _pose(key), light=light))
            for light in (None, ScreenLight(white, room=0.0), ScreenLight(white))
        )

        def gained(look: Callable[[RgbImage, TrackedPoints], Rgb], lit: RgbImage) -> float:
            ratio = np.array(look(lit, kept)) / np.maximum(look(dark, kept), 1e-4)
            return float(np.mean(ratio) - 1) / PROBE

        hair, wall = gained(_around, alone), gained(_around, both)
        return LightShares(gained(face_rgb, both), gained(rim_rgb, both), hair, wall - hair)


def _around(picture: RgbImage, points: TrackedPoints) -> Rgb:
    return look_around(picture, points).rgb


def _corners(x: float, y: float) -> list[tuple[tuple[int, int], float]]:
    """Return the four nodes around a place in units of nodes, with their weights."""
    left, top = int(np.floor(x)), int(np.floor(y))
    right, low = x - left, y - top
    return [
        ((left + dx, top + dy), (right if dx else 1 - right) * (low if dy else 1 - low))
        for dx in (0, 1)
        for dy in (0, 1)
    ]


def _pose(key: tuple[int, int]) -> HeadPose:
    return HeadPose(yaw_deg=STEP * key[0], pitch_deg=STEP * key[1])


@dataclass(frozen=True, slots=True, eq=False)
class CameraNoise:
    """What one camera adds to a row of the table."""

    mean: Row
    residuals: NDArray[np.float64]
    """(k, columns) centred."""
    miss_rate: float
    """Share of pictures in which no face was found."""

    def draw(self, rng: np.random.Generator) -> Row:
        """Return one sample with the mean and the covariance of the residuals."""
        weights = rng.standard_normal(len(self.residuals)) / np.sqrt(max(len(self.residuals) - 1, 1))
        return np.asarray(self.mean + weights @ self.residuals)
