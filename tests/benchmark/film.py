"""Films of obedient people, rendered beforehand: while the service is measured nobody draws.

A film holds one head at rest, at the end of every movement that a challenge may ask for, and on the
way there. A `Performer` puts them together as a person in front of a camera moves.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import cv2
import numpy as np

from app.inference.types import RgbImage
from app.pipeline.light import BASE, PALETTE, linear_rgb
from app.sandbox.assets import encode_jpeg
from app.sandbox.head import Head
from app.sandbox.pose import NEUTRAL, POSE_OF_GUIDANCE, HeadPose, IdleLife, minimum_jerk
from app.sandbox.render import ScreenLight
from app.vocabulary import Guidance

SIZE = (480, 360)
JPEG_QUALITY = 80
"""What the hosted page sends: see `CAPTURE` in `app.hosted.page_data`."""

TICK_S = 0.1
# Sums of tenths are off by less.
HALF_A_MS = 0.0005
REACTION_S = 0.3
# A movement takes five ticks, like that of the person in the functional tests.
STEPS = 5
# Every picture differs from every other in sensor noise, as in a real camera: standard deviation in
# 8-bit steps, and how many pictures are taken of one and the same pose: so many that hardly any comes back
# within a visit, which would be a loop.
NOISE = 2.0
TAKES = 10
POSES_AT_REST = 12
POSES_AT_END = 5
POSES_PER_COLOUR = 3
# The screen's share of an ordinary room's light on a face half a metre away.
SCREEN_SHARE, ROOM_SHARE = 0.2, 0.15
MOVEMENTS = tuple(guidance for guidance, pose in POSE_OF_GUIDANCE.items() if pose != NEUTRAL)

Place = tuple[Guidance | None, int]
"""A movement, None at rest, and how many ticks of it are done, 0…`STEPS`."""
AT_REST: Place = (None, 0)
Watch = Callable[[Iterable[tuple[Place, HeadPose]]], Iterable[tuple[Place, HeadPose]]]


@dataclass(frozen=True)
class Film:
    """All pictures of one person."""

    pictures: dict[Place, list[bytes]]
    lit: dict[str, list[bytes]] = field(default_factory=dict)
    """The head at rest under each colour of the screen."""


def shoot(head: Head, seed: int, watch: Watch = lambda poses: poses) -> Film:
    """Render everything that a visit may need; `watch` may show the progress."""
    cv2.setRNGSeed(seed)
    pictures: dict[Place, list[bytes]] = {}
    for place, pose in watch(_poses(IdleLife(seed))):
        scene = head.render(pose, SIZE)
        taken = [encode_jpeg(_with_noise(scene), JPEG_QUALITY) for _ in range(TAKES)]
        pictures.setdefault(place, []).extend(taken)
    return Film(pictures, {colour: _shoot_lit(head, seed, colour) for colour in (BASE, *PALETTE)})


def _shoot_lit(head: Head, seed: int, colour: str) -> list[bytes]:
    red, green, blue = (SCREEN_SHARE * share for share in linear_rgb(colour))
    light = ScreenLight((red, green, blue), room=ROOM_SHARE)
    life = IdleLife(seed)
    taken = []
    for number in range(POSES_PER_COLOUR):
        scene = head.render(NEUTRAL.swayed(life.sway(number * TICK_S)), SIZE, light=light)
        taken += [encode_jpeg(_with_noise(scene), JPEG_QUALITY) for _ in range(TAKES)]
    return taken


def _poses(life: IdleLife) -> list[tuple[Place, HeadPose]]:
    """Return every pose with its place, each with the sway of another moment."""
    places: list[Place] = [AT_REST] * POSES_AT_REST
    for guidance in MOVEMENTS:
        places += [(guidance, step) for step in range(1, STEPS)]
        places += [(guidance, STEPS)] * POSES_AT_END
    return [(place, _goal(place).swayed(life.sway(number * TICK_S))) for number, place in enumerate(places)]


def _goal(place: Place) -> HeadPose:
    guidance, step = place
    return (
        NEUTRAL
        if guidance is None
        else NEUTRAL.toward(POSE_OF_GUIDANCE[guidance], minimum_jerk(step / STEPS))
    )


def _with_noise(scene: RgbImage) -> RgbImage:
    grain = cv2.randn(np.empty(scene.shape, np.int16), 0, NOISE)  # type: ignore[call-overload]
    return np.asarray(cv2.add(scene, grain, dtype=cv2.CV_8U), dtype=np.uint8)


@dataclass
class Performer:
    """One person in front of a camera, doing what the page says; times in seconds of one clock."""

    film: Film
    _place: Place = AT_REST
    _goal: Guidance | None = None
    _told: Guidance | None = None
    _moves_at: float = 0.0
    _moved_until: float | None = None
    """How far the movement has come, on the same clock."""
    _shown: Counter[Place | str | None] = field(default_factory=Counter)

    def hear(self, guidance: Guidance, at: float) -> None:
        """Take in what the page says; anything that is no movement means: look straight."""
        order = guidance if guidance in MOVEMENTS else None
        if order != self._told:
            self._told, self._moves_at = order, at + REACTION_S

    def tick(self, at: float, colour: str | None = None) -> bytes:
        """Go on until `at` and return the picture that the camera takes under the screen's colour."""
        moved = at - TICK_S if self._moved_until is None else self._moved_until
        while moved + TICK_S <= at + HALF_A_MS:
            moved += TICK_S
            if moved >= self._moves_at:
                self._goal = self._told
            self._place = _next_place(self._place, self._goal)
        self._moved_until = moved
        is_lit = colour is not None and self._place == AT_REST
        takes = self.film.lit[str(colour)] if is_lit else self.film.pictures[self._place]
        subject = colour if is_lit else self._place
        self._shown[subject] += 1
        return takes[self._shown[subject] % len(takes)]


def _next_place(place: Place, goal: Guidance | None) -> Place:
    """Move one step on towards the goal; the way from one movement to another leads over rest."""
    movement, step = place
    if movement is not None and movement != goal:
        return (movement, step - 1) if step > 1 else AT_REST
    return AT_REST if goal is None else (goal, min(step + 1, STEPS))
