"""A photo that never moves: printed, or on a display."""

from app.simulation.attacks.species import Species, Trial
from app.simulation.sight import BLACK, Actor, Screen, Sight


class StillPhoto:
    """Stands before the camera."""

    def __init__(self, trial: Trial) -> None:
        self._trial, self._on_display = trial, bool(trial.rng.random() < 0.5)
        head = trial.victim.head
        self._body = head if self._on_display else trial.props.sheet(head, trial.bend())

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return the photo; paper reflects the screen, a display mirrors a little of it."""
        light = self._trial.room.light(screen.view(at_ms).colour)
        if not self._on_display:
            return Sight(self._body, light=light)
        glare = self._trial.glare(light.screen_rgb) if light else BLACK
        return Sight(self._body, on_display=True, glare=glare)


def _make(trial: Trial) -> Actor:
    return StillPhoto(trial)


SPECIES = (Species("still-photo", "still photo, printed or on a display", _make),)
