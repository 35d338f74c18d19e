"""Software that warps one photo as a plane, and zooms, so that it seems to follow the targets."""

from dataclasses import replace

from app.sandbox.pose import HeadPose
from app.simulation.attacks.species import Species, Trial
from app.simulation.people import Manners, Person, cooperative
from app.simulation.sight import Actor, Screen, Sight
from app.vocabulary import Guidance

STRENGTH = (1.4, 2.4)
PROGRAM = Manners(reach=(0.95, 1.05), slips=0.0)


class PlanarWarp:
    """A virtual camera: nothing of the screen's light gets into the picture."""

    def __init__(self, trial: Trial) -> None:
        strength = float(trial.rng.uniform(*STRENGTH))
        body = trial.props.sheet(trial.victim.head)

        def answer(guidance: Guidance) -> HeadPose:
            pose = cooperative(guidance)
            return replace(pose, yaw_deg=pose.yaw_deg * strength, pitch_deg=pose.pitch_deg * strength)

        self._program = Person(body, trial.room, trial.rng, answer, PROGRAM)

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return the warped photo."""
        return replace(self._program.look(at_ms, screen), light=None)


def _make(trial: Trial) -> Actor:
    return PlanarWarp(trial)


SPECIES = (Species("planar-warp", "one photo, warped as a plane and zoomed by software", _make),)
