"""People who do what the page says, at human speed, with human mistakes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from app.sandbox.head import Head
from app.sandbox.pose import NEUTRAL, POSE_OF_GUIDANCE, HeadMotion, HeadPose, IdleLife
from app.simulation.light import Room
from app.simulation.sight import Screen, Sight, View
from app.vocabulary import GUIDANCE_OF_ACTION, Guidance

Answer = Callable[[Guidance], HeadPose]

MOVES = frozenset(GUIDANCE_OF_ACTION.values())


@dataclass(frozen=True, slots=True)
class Manners:
    """How somebody moves. Each trial draws from these ranges."""

    reaction: tuple[float, float] = (0.25, 0.6)
    """Seconds from an instruction to the begin of the movement."""
    movement: tuple[float, float] = (0.4, 0.9)
    """Seconds that the movement takes."""
    reach: tuple[float, float] = (0.85, 1.15)
    """Factor on the usual turn of 28° and nod of 20°."""
    slips: float = 0.02
    """Share of turns that go to the wrong side: left and right are easily mixed up."""


USUAL = Manners()
MIRRORED = {Guidance.LOOK_LEFT: Guidance.LOOK_RIGHT, Guidance.LOOK_RIGHT: Guidance.LOOK_LEFT}


def cooperative(guidance: Guidance) -> HeadPose:
    """Do what is asked; anything that is no movement means: look straight."""
    return POSE_OF_GUIDANCE.get(guidance, NEUTRAL)


class Person:
    """Somebody with a head, in a room, before a screen."""

    def __init__(
        self,
        body: Head,
        room: Room,
        rng: np.random.Generator,
        answer: Answer = cooperative,
        manners: Manners = USUAL,
    ) -> None:
        self._body, self._room, self._rng = body, room, rng
        self._answer, self._manners = answer, manners
        self._motion = HeadMotion(IdleLife(int(rng.integers(1 << 31))))
        self._read: tuple[Guidance, int] | None = None
        self._due: tuple[float, HeadPose] | None = None

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return the head in its pose, under the screen's light of that moment."""
        view, at = screen.view(at_ms), at_ms / 1000
        if (view.guidance, view.step) != self._read:
            self._hear(view, at)
        if self._due is not None and at >= self._due[0]:
            self._motion.move(self._due[1], self._due[0], float(self._rng.uniform(*self._manners.movement)))
            self._due = None
        return Sight(self._body, self._motion.pose(at), self._room.light(view.colour))

    def _hear(self, view: View, at: float) -> None:
        self._read = (view.guidance, view.step)
        # Somebody about to move follows the newest instruction without thinking anew.
        moves_at = self._due[0] if self._due else at + float(self._rng.uniform(*self._manners.reaction))
        slipped = self._rng.random() < self._manners.slips
        understood = MIRRORED.get(view.guidance, view.guidance) if slipped else view.guidance
        reach = float(self._rng.uniform(*self._manners.reach))
        self._due = (moves_at, NEUTRAL.toward(self._answer(understood), reach))
