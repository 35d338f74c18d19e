"""A made-up face under a made-up screen: colours as Lambert's law and a camera would give them."""

import random
from dataclasses import dataclass, replace

import numpy as np

from app.pipeline.light import BASE, LightStep, draw_light, linear_rgb
from app.pipeline.types import FrameMeasurement, LightRecord
from tests.measurements import a_face, a_frame

SKIN, RIM, WALL = np.array([0.5, 0.35, 0.28]), np.array([0.3, 0.2, 0.16]), np.array([0.4, 0.4, 0.4])
ROOM = np.array([1.0, 0.85, 0.6])


@dataclass(frozen=True)
class Scene:
    """Who sits before the screen, and what happens to the picture on its way."""

    gain: float = 0.15
    """The screen's light on the face as a share of the room's."""
    wall: float = 0.15
    """The same on the wall as a share of the face's."""
    rim: float = 0.5
    """The same on the rim of the face."""
    readable: float = 1.0
    """Share of frames whose background tells a colour."""
    noise: float = 0.01
    lag_ms: float = 110.0
    delay_ms: float = 0.0
    fps: float = 10.0
    exposure: float = 1.0
    """Factor on all light; from 1 on a channel is clipped."""
    overlay: float = 0.0
    """Share of a uniform colour that is laid over the whole picture."""
    shuffled: bool = False
    """The face answers to another sequence."""


def film(scene: Scene, seed: int = 1) -> tuple[list[FrameMeasurement], LightRecord]:
    """Return the frames of one light sequence with a second before and after, and what was shown."""
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    steps = draw_light(rng)
    shown = tuple(float(500 + sum(step.ms for step in steps[:number])) for number in range(len(steps)))
    answered = draw_light(rng) if scene.shuffled else steps
    end = shown[-1] + steps[-1].ms
    frames = []
    for number, at in enumerate(np.arange(100.0, end + 600.0, 1000 / scene.fps)):
        colour = _colour_at(at - scene.lag_ms - scene.delay_ms, answered, shown, end)
        face, rim, wall = (_exposed(part, colour, scene, noise) for part in (SKIN, RIM, WALL))
        background = wall if number % 10 < 10 * scene.readable else None
        frames.append(
            replace(
                a_frame(number, a_face(face_rgb=face, rim_rgb=rim, background_rgb=background)),
                client_ms=float(at),
                received_ms=float(at) + 80,
            )
        )
    return frames, LightRecord(steps, tuple(at - 300 for at in shown), shown)


def _colour_at(at: float, steps: tuple[LightStep, ...], shown: tuple[float, ...], end: float) -> np.ndarray:
    number = sum(start <= at for start in shown) - 1
    return np.array(linear_rgb(steps[number].colour if number >= 0 and at < end else BASE))


def _exposed(
    surface: np.ndarray, colour: np.ndarray, scene: Scene, noise: np.random.Generator
) -> tuple[float, float, float]:
    share = {id(SKIN): 1.0, id(RIM): scene.rim, id(WALL): scene.wall}[id(surface)]
    seen = surface * (ROOM + (0.0 if scene.overlay else scene.gain) * share * colour)
    painted = (1 - scene.overlay) * seen + scene.overlay * colour
    exposed = np.minimum(scene.exposure * painted, 1.0)
    red, green, blue = exposed * np.exp(noise.normal(0, scene.noise, 3))
    return (float(red), float(green), float(blue))
