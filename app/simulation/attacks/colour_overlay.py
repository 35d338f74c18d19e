"""Software that moves a perfect head of the victim and lays the screen's colour over the whole picture."""

from dataclasses import replace

from app.pipeline.light import linear_rgb
from app.simulation.attacks.species import Species, Trial
from app.simulation.people import Person
from app.simulation.sight import Actor, Overlay, Screen, Sight
from app.vocabulary import ChallengeType

STRENGTH = (0.05, 0.4)


class ColourOverlay:
    """Sees the colour at once; either a filter that multiplies or a pane that covers."""

    def __init__(self, trial: Trial) -> None:
        self._person = Person(trial.victim.head, trial.room, trial.rng)
        self._strength = float(trial.rng.uniform(*STRENGTH))
        self._veil = bool(trial.rng.random() < 0.5)

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return the head under the painted colour."""
        colour = screen.view(at_ms).colour
        sight = replace(self._person.look(at_ms, screen), light=None)
        if colour is None:
            return sight
        return replace(sight, overlay=Overlay(linear_rgb(colour), self._strength, self._veil))


def _make(trial: Trial) -> Actor:
    return ColourOverlay(trial)


SPECIES = (
    Species(
        "colour-overlay",
        "injected head that moves, screen colour painted over the whole picture",
        _make,
        (ChallengeType.ADVANCED,),
    ),
)
