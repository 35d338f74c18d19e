"""One person answers the challenge, another one's face is shown for recognition."""

from app.simulation.attacks.species import Species, Trial
from app.simulation.people import MOVES, Person
from app.simulation.sight import Actor, Screen, Sight
from app.vocabulary import ChallengeType, Guidance

# In half of the trials at Advanced the faces change before the light, in the other half after it.
BEFORE_LIGHT = 0.5


class FaceSwap:
    """The attacker until the challenge is over, then the victim, in the same pose."""

    def __init__(self, trial: Trial) -> None:
        self._before, self._after = (
            Person(member.head, trial.room, trial.rng) for member in (trial.attacker, trial.victim)
        )
        self._waits_for_light = trial.level is ChallengeType.ADVANCED and trial.rng.random() >= BEFORE_LIGHT
        self._moved = self._lit = self._over = False

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return whoever is to be seen."""
        view = screen.view(at_ms)
        moving = view.guidance in MOVES
        self._moved |= moving and view.step == view.step_count
        self._lit |= view.lighting
        ready = self._lit and not view.lighting if self._waits_for_light else self._moved
        self._over |= ready and not moving and view.guidance is not Guidance.NO_FACE
        before, after = self._before.look(at_ms, screen), self._after.look(at_ms, screen)
        return after if self._over else before


def _make(trial: Trial) -> Actor:
    return FaceSwap(trial)


SPECIES = (Species("face-swap", "another face after the challenge", _make),)
