"""Trials: who meets which camera is drawn at random, then one attempt is played in one of the tiers."""

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from app.decision.policy import Policy
from app.inference.types import FaceEngine
from app.pipeline.fusion import fuse, recognition_embeddings
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
from app.simulation.server import Server, requirements_at
from app.vocabulary import ChallengeType

BONA_FIDE = "bona-fide"
NOT_THE_VICTIM = "passed as oneself"
# Ways of a batch up and of an answer down, ms: cable to mobile.
SITTERS = 4
"""Heads that the noise of cameras is measured on."""
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
        apart = max(1, len(self.cast) // SITTERS)
        heads = [member.head for member in self.cast]
        self.library = Library(self.engine, heads[::apart][:SITTERS], heads)

    def run(self, species: str, level: ChallengeType, number: int) -> Attempt:
        """Play trial `number` of a species, or of `BONA_FIDE` people; the same numbers play the same trial.

        Numbers that follow each other meet the cameras in turn.
        """
        setting = self.settings[number % len(self.settings)]
        trial = self.draw(species, level, number)
        rng = trial.rng
        actor = (
            Person(trial.victim.head, trial.room, rng)
            if species == BONA_FIDE
            else SPECIES[species].make(trial)
        )
        camera = setting.build(int(rng.integers(1 << 31)))
        server = Server(level, self.policy, names_of(self.engine), random.Random(int(rng.integers(1 << 62))))  # noqa: S311
        network = Network(up_ms=float(rng.uniform(*UP_MS)), down_ms=float(rng.uniform(*DOWN_MS)))
        return play(actor, camera, server, self._eye(setting, camera, rng), rng, network)

    def draw(self, species: str, level: ChallengeType, number: int) -> Trial:
        """Return who takes part in a trial, and where."""
        rng = np.random.default_rng([self.seed, zlib.crc32(f"{species} {level}".encode()), number])
        setting = self.settings[number % len(self.settings)]
        victim = self.cast[int(rng.integers(len(self.cast)))]
        others = [member for member in self.cast if member.person != victim.person]
        attacker = others[int(rng.integers(len(others)))]
        return Trial(victim, attacker, setting.room, level, rng, self.props)

    def _eye(self, setting: Setting, camera: Webcam, rng: np.random.Generator) -> Eye:
        if self.tier is Tier.PIXELS:
            return PixelEye(self.engine, camera)
        return MeasurementEye(self.library, setting, camera, rng)


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What is kept of one trial."""

    species: str
    level: ChallengeType
    number: int
    head: str
    """Name of the victim's head, or of the person's own."""
    person: int
    passed: bool
    reason: str | None
    seconds: float
    without_light: str | None
    """Why an Advanced challenge went without light."""
    limits: tuple[str, ...]
    """Names of the policy's limits that stood against it."""


def summarized(world: World, species: str, level: ChallengeType, number: int) -> TrialResult:
    """Run one trial and keep what is counted."""
    attempt, trial = world.run(species, level, number), world.draw(species, level, number)
    path_reason, victim = attempt.record.path_reason, trial.victim
    fooled = species == BONA_FIDE or _is_victim(attempt, trial)
    return TrialResult(
        species=species,
        level=level,
        number=number,
        head=victim.name,
        person=victim.person,
        passed=attempt.passed and fooled,
        reason=attempt.reason.value if attempt.reason else None if fooled else NOT_THE_VICTIM,
        seconds=attempt.seconds,
        without_light=path_reason.value if path_reason else None,
        limits=_missed_limits(attempt, world.policy, level),
    )


def _is_victim(attempt: Attempt, trial: Trial) -> bool:
    """Tell whether the template that recognition would get is of the victim rather than of the attacker.

    Whoever swaps faces when nobody looks any more has passed as oneself, which is no attack.
    """
    embeddings = recognition_embeddings(attempt.record)
    if not embeddings:
        return True
    template, _ = fuse(embeddings)
    return float(template @ trial.victim.embedding) >= float(template @ trial.attacker.embedding)


def _missed_limits(attempt: Attempt, policy: Policy, level: ChallengeType) -> tuple[str, ...]:
    required = replace(requirements_at(level), challenge_path=attempt.record.path)
    findings = {finding.evidence: finding for finding in attempt.findings}
    missed = []
    for limit in policy.limits:
        finding = findings.get(limit.evidence)
        if finding is None or not limit.when.holds(required) or not limit.applies_to(finding):
            continue
        value = limit.measured(finding)
        if value is None or not limit.allows(value):
            missed.append(limit.name)
    return tuple(missed)
