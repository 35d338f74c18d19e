"""The cameras and rooms that people are simulated with: every factor at every level, mixed independently."""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from app.simulation.camera import Webcam
from app.simulation.light import Rgb, Room

T = TypeVar("T")

SIZE, SEED = 48, 20251121

# Light of the room and the share of a white screen in it: the darker the room, the larger.
LEVELS: tuple[tuple[float, float], ...] = ((1.2, 0.06), (1.0, 0.1), (0.75, 0.17), (0.5, 0.26))
# Nearer or brighter screens, larger or darker ones.
DISTANCES = (0.8, 1.0, 1.4)
# Daylight, neutral, warm lamp: linear, green = 1.
ROOM_COLOURS: tuple[Rgb, ...] = ((0.9, 1.0, 1.15), (1.0, 1.0, 1.0), (1.3, 1.0, 0.65))
# What a camera's white balance leaves of the room's colour, and its own cast.
BALANCE_ERRORS: tuple[Rgb, ...] = ((1.0, 1.0, 1.0), (1.1, 1.0, 0.92), (0.92, 1.0, 1.12))
WALL_SHARES = (0.0, 0.1, 0.2, 0.35)
LEAST_SHARE, LARGEST_SHARE = 0.05, 0.4
CAMERA_FACTORS: dict[str, tuple[Any, ...]] = {
    "gain": (0.8, 1.0, 1.2),
    "gamma": (0.9, 1.0, 1.1),
    "noise": (1.0, 2.0, 3.5, 5.0),
    "jpeg_quality": (60, 75, 85, 92),
    "fps": (5.0, 10.0, 15.0, 24.0, 30.0),
    "jitter": (0.05, 0.15, 0.3),
    "latency_ms": (40.0, 70.0, 100.0, 130.0),
    "auto_exposure": (0.0, 0.5, 0.9),
    "auto_white_balance": (0.0, 0.3, 0.6),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One camera in one room."""

    name: str
    camera: dict[str, Any]
    """Arguments of `Webcam`."""
    room: Room

    def build(self, seed: int) -> Webcam:
        """Return the camera; it has its own noise."""
        return Webcam(seed, **self.camera)


def make_grid(size: int = SIZE, seed: int = SEED) -> tuple[Setting, ...]:
    """Return settings in which each level of each factor is about equally frequent (a Latin hypercube)."""
    rng = np.random.default_rng(seed)
    camera = {name: _spread(rng, levels, size) for name, levels in CAMERA_FACTORS.items()}
    rooms = zip(
        *(_spread(rng, levels, size) for levels in (LEVELS, DISTANCES, ROOM_COLOURS, WALL_SHARES)),
        strict=True,
    )
    errors = _spread(rng, BALANCE_ERRORS, size)
    return tuple(
        _setting(number, {name: values[number] for name, values in camera.items()}, room, errors[number])
        for number, room in enumerate(rooms)
    )


def _setting(number: int, camera: dict[str, Any], room: tuple[Any, ...], error: Rgb) -> Setting:
    (level, share), distance, colour, wall = room
    gain = camera["gain"] * level
    share = float(np.clip(share * distance, LEAST_SHARE, LARGEST_SHARE))
    settings = camera | {"gain": gain, "white_balance": error}
    return Setting(f"camera {number:02d}", settings, Room(level, colour, share, wall))


def _spread(rng: np.random.Generator, levels: tuple[T, ...], size: int) -> list[T]:
    return [levels[int(index) % len(levels)] for index in rng.permutation(size)]


CAMERA_GRID = make_grid()
