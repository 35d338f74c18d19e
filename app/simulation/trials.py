"""Trials: who meets which camera is drawn at random, then one attempt is played in one of the tiers."""

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from app.decision.policy import Policy
from app.inference.types import FaceEngine
from app.simulation.attacks import SPECIES
from app.simulation.attacks.species import Props, Trial
from app.simulation.attempt import Attempt, Eye, play
from app.simulation.camera import Webcam
from app.simulation.cast import Member
from app.simulation.grid import CAMERA_GRID, Setting
from app.simulation.measurements import Library, MeasurementEye
from app.simulation.page import Network
from app.simulation.people import Person
from app.simulation.pixels import PixelEye, names_of
from app.simulation.server import Server
from app.vocabulary import ChallengeType

BONA_FIDE = "bona-fide"
# Ways of a batch up and of an answer down, ms: cable to mobile.
UP_MS, DOWN_MS = (20.0, 220.0), (10.0, 80.0)


class Tier(StrEnum):
    """How a trial is measured."""

    PIXELS = "pixels"
    """Rendered, filmed, compressed, and measured by the real models."""
    MEASUREMENTS = "measurements"
    """Looked up in tables of what the real models read, with the cameras' measured noise."""


@dataclass(slots=True)
class World:
    """Everything that trials share in one process."""

    engine: FaceEngine
    cast: Sequence[Member]
    policy: Policy
    tier: Tier
    seed: int = 1
    settings: Sequence[Setting] = CAMERA_GRID
    props: Props = field(default_factory=Props)
    library: Library = field(init=False)

    def __post_init__(self) -> None:
        """Open the library of tables."""
        self.library = Library(self.engine, [member.head for member in self.cast[:3]])

    def run(self, species: str, level: ChallengeType, number: int) -> Attempt:
        """Play trial `number` of a species, or of `BONA_FIDE` people; the same numbers play the same trial.

        Numbers that follow each other meet the cameras in turn.
        """
        rng = np.random.default_rng([self.seed, zlib.crc32(f"{species} {level}".encode()), number])
        setting = self.settings[number % len(self.settings)]
        trial = self._draw(level, setting, rng)
        actor = (
            Person(trial.victim.head, trial.room, rng)
            if species == BONA_FIDE
            else SPECIES[species].make(trial)
        )
        camera = setting.build(int(rng.integers(1 << 31)))
        server = Server(level, self.policy, names_of(self.engine), random.Random(int(rng.integers(1 << 62))))  # noqa: S311
        network = Network(up_ms=float(rng.uniform(*UP_MS)), down_ms=float(rng.uniform(*DOWN_MS)))
        return play(actor, camera, server, self._eye(setting, camera, rng), rng, network)

    def _draw(self, level: ChallengeType, setting: Setting, rng: np.random.Generator) -> Trial:
        victim = self.cast[int(rng.integers(len(self.cast)))]
        others = [member for member in self.cast if member.person != victim.person]
        attacker = others[int(rng.integers(len(others)))]
        return Trial(victim, attacker, setting.room, level, rng, self.props)

    def _eye(self, setting: Setting, camera: Webcam, rng: np.random.Generator) -> Eye:
        if self.tier is Tier.PIXELS:
            return PixelEye(self.engine, camera)
        return MeasurementEye(self.library, setting, camera, rng)
