"""The worst case of a replay: every movement fits, only the colours are those of another sequence."""

from app.simulation.attacks.screens import Changed, OtherColours
from app.simulation.attacks.species import Species, Trial
from app.simulation.people import Person
from app.simulation.sight import Actor, Screen, Sight
from app.vocabulary import ChallengeType


class ShuffledColours:
    """Moves as a live person, lit by a sequence of the same generator."""

    def __init__(self, trial: Trial) -> None:
        self._person = Person(trial.victim.head, trial.room, trial.rng)
        self._colours = OtherColours(trial.rng)

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return the person under the wrong light."""
        return self._person.look(at_ms, Changed(screen, self._colours))


def _make(trial: Trial) -> Actor:
    return ShuffledColours(trial)


SPECIES = (
    Species(
        "shuffled-colours",
        "replay whose movement happens to fit, with other colours",
        _make,
        (ChallengeType.ADVANCED,),
    ),
)
