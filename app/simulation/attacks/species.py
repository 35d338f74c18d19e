"""What a species of attack is, and what attackers have at hand."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from app.sandbox.head import Head
from app.simulation.cast import Member
from app.simulation.light import Rgb, Room
from app.simulation.sheets import cut_out, photo_sheet
from app.simulation.sight import BLACK, Actor
from app.vocabulary import ChallengeType

LEVELS = (ChallengeType.BALANCED, ChallengeType.ADVANCED)

# How far sheets of paper are bent, degrees from edge to edge: held flat, slightly, around a tube.
BENDS = (0.0, 60.0, 120.0, 200.0)
# Share of the screen's light that a display's glass mirrors into the camera; matt and glossy displays.
GLARE = (0.01, 0.05)


@dataclass(slots=True)
class Props:
    """Printed photos of the cast, made once."""

    _made: dict[tuple[int, bool, float], Head] = field(default_factory=dict)

    def sheet(self, head: Head, bend: float = 0.0, *, cut: bool = False) -> Head:
        """Return the photo of a head as a sheet, whole or cut out."""
        key = (id(head), cut, bend)
        if key not in self._made:
            self._made[key] = (cut_out if cut else photo_sheet)(head, bend)
        return self._made[key]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One trial: who is impersonated, by whom, where, at what level."""

    victim: Member
    attacker: Member
    """Somebody else than the victim."""
    room: Room
    level: ChallengeType
    rng: np.random.Generator
    props: Props

    def bend(self, bends: tuple[float, ...] = BENDS) -> float:
        """Draw how a sheet is bent."""
        return bends[int(self.rng.integers(len(bends)))]

    def glare(self, screen: Rgb) -> Rgb:
        """Draw what a display mirrors of the screen's linear light `screen`."""
        share = float(self.rng.uniform(*GLARE))
        red, green, blue = (share * value for value in screen)
        return (red, green, blue)


@dataclass(frozen=True, slots=True)
class Species:
    """One way to attack."""

    name: str
    """As on the command line."""
    title: str
    make: Callable[[Trial], Actor]
    levels: tuple[ChallengeType, ...] = LEVELS
    """Where the attack is one at all: a wrong light is none where no light is asked for."""


__all__ = ["BLACK", "Props", "Species", "Trial"]
