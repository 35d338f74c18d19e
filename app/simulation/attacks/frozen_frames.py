"""Pictures that are sent again: the last one for ever, or the last second in a loop."""

from collections import deque
from dataclasses import replace

from app.simulation.attacks.species import Species, Trial
from app.simulation.people import Person
from app.simulation.sight import Actor, Screen, Sight

# Seconds after which the camera is replaced; a looped clip has up to so many pictures.
BEGIN, LOOP = (0.8, 3.0), (6, 30)


class FrozenFrames:
    """A live camera at first, then copies of what it gave."""

    def __init__(self, trial: Trial) -> None:
        self._person = Person(trial.victim.head, trial.room, trial.rng)
        self._begin_ms = 1000 * float(trial.rng.uniform(*BEGIN))
        length = 1 if trial.rng.random() < 0.5 else int(trial.rng.integers(*LOOP))
        self._copies: deque[Sight] = deque(maxlen=length)
        self._count = 0

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return the next picture."""
        if at_ms < self._begin_ms or not self._copies:
            self._count += 1
            self._copies.append(replace(self._person.look(at_ms, screen), still=self._count))
            return self._copies[-1]
        self._copies.rotate(-1)
        return self._copies[-1]


def _make(trial: Trial) -> Actor:
    return FrozenFrames(trial)


SPECIES = (Species("frozen-frames", "frozen or duplicated frames", _make),)
