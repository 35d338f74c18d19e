"""A photo cut out around the head: behind it lies the real room, so that the screen lights it alone.

Held flat or slightly bent it is a sheet like any other; bent as far as a face is round it is a paper mask.
"""

from functools import partial

from app.simulation.attacks.moved_photo import hand_moved
from app.simulation.attacks.species import Species, Trial
from app.simulation.sight import Actor

# Degrees from edge to edge of the head: a quarter of the bend of a whole picture makes it as round.
HELD, MASK = (0.0, 30.0, 60.0), (120.0, 160.0, 200.0)


def _make(trial: Trial, bends: tuple[float, ...]) -> Actor:
    return hand_moved(trial, bends, cut=True)


SPECIES = (
    Species("cut-out-photo", "cut-out photo, moved, tilted and bent by hand", partial(_make, bends=HELD)),
    Species("paper-mask", "cut-out photo, bent as a face is round", partial(_make, bends=MASK)),
)
