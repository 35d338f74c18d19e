"""A printed photo that is moved, tilted and bent by hand as the page says."""

from app.sandbox.pose import HeadPose
from app.simulation.attacks.species import BENDS, Species, Trial
from app.simulation.people import Manners, Person, cooperative
from app.simulation.sight import Actor
from app.vocabulary import Guidance

# Paper has to be turned much further than a head before the landmark model reads a turn from it.
EXAGGERATION = ((1.2, 2.2), (1.2, 2.5))
HANDS = Manners(reach=(0.9, 1.1), slips=0.0)


def hand_moved(trial: Trial, bends: tuple[float, ...], *, cut: bool) -> Actor:
    """Return the victim's photo in a hand that does what the page says."""
    turn, nod = (float(trial.rng.uniform(*bounds)) for bounds in EXAGGERATION)
    body = trial.props.sheet(trial.victim.head, trial.bend(bends), cut=cut)

    def answer(guidance: Guidance) -> HeadPose:
        pose = cooperative(guidance)
        return HeadPose(pose.yaw_deg * turn, pose.pitch_deg * nod, 0.0, pose.distance)

    return Person(body, trial.room, trial.rng, answer, HANDS)


def _make(trial: Trial) -> Actor:
    return hand_moved(trial, BENDS, cut=False)


SPECIES = (Species("moved-photo", "printed photo, moved, tilted and bent by hand", _make),)
