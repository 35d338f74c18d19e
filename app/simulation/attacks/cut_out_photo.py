"""A photo cut out around the head: behind it lies the real room, so that the screen lights it alone."""

from app.simulation.attacks.moved_photo import hand_moved
from app.simulation.attacks.species import Species, Trial
from app.simulation.sight import Actor


def _make(trial: Trial) -> Actor:
    return hand_moved(trial, cut=True)


SPECIES = (Species("cut-out-photo", "cut-out photo, moved, tilted and bent by hand", _make),)
