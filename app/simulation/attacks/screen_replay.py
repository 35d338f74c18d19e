"""The recording of a session that the victim passed, played on a display or as a virtual camera."""

from dataclasses import replace

from app.simulation.attacks.screens import another_session
from app.simulation.attacks.species import Species, Trial
from app.simulation.people import Person
from app.simulation.sight import BLACK, Actor, Screen, Sight


class Replay:
    """Plays from its beginning; the challenge is that of the other session."""

    def __init__(self, trial: Trial) -> None:
        self._trial, self._on_display = trial, bool(trial.rng.random() < 0.5)
        self._session = another_session(trial.level, trial.rng)
        self._person = Person(trial.victim.head, trial.room, trial.rng)

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return what was recorded then, with what the display mirrors now."""
        recorded = self._person.look(at_ms, self._session)
        if not self._on_display:
            return recorded
        light = self._trial.room.light(screen.view(at_ms).colour)
        glare = self._trial.glare(light.screen_rgb) if light else BLACK
        return replace(recorded, on_display=True, glare=glare)


def _make(trial: Trial) -> Actor:
    return Replay(trial)


SPECIES = (Species("replay", "replay of a passed session, on a display or injected", _make),)
