"""Somebody real far away does what the page says; the picture comes back late."""

from functools import partial

from app.simulation.attacks.screens import Late
from app.simulation.attacks.species import Species, Trial
from app.simulation.people import Person
from app.simulation.sight import Actor, Screen, Sight
from app.vocabulary import ChallengeType

# Extra delay, ms: a relay in the same building, through a video call, with software in between.
DELAYS = ((100.0, 200.0), (200.0, 400.0), (400.0, 800.0), (800.0, 1500.0))


class DelayedRelay:
    """The whole loop, to the person and back, takes longer by `delay_ms`."""

    def __init__(self, trial: Trial, delays: tuple[float, float]) -> None:
        self._person = Person(trial.victim.head, trial.room, trial.rng)
        self._delay_ms = float(trial.rng.uniform(*delays))

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return what the person far away did a while ago."""
        return self._person.look(at_ms, Late(screen, self._delay_ms))


def _make(trial: Trial, delays: tuple[float, float]) -> Actor:
    return DelayedRelay(trial, delays)


SPECIES = tuple(
    Species(
        f"relay-{low:.0f}",
        f"live person elsewhere, picture {low:.0f}-{high:.0f} ms late",
        partial(_make, delays=(low, high)),
        # Without the light nothing ties a live face to this screen: there it is no attack that could be seen.
        (ChallengeType.ADVANCED,),
    )
    for low, high in DELAYS
)
