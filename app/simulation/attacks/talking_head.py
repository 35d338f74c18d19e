"""A recorded talking head that knows nothing of the challenge."""

import numpy as np

from app.sandbox.pose import NEUTRAL, HeadMotion, HeadPose, IdleLife
from app.simulation.attacks.species import Species, Trial
from app.simulation.sight import Actor, Screen, Sight

# Seconds between two gestures; degrees of a gesture of speech (one standard deviation), and of the larger
# ones that one in five is; a lean as a factor of distance.
PAUSE, SECONDS = (0.4, 1.6), (0.3, 0.8)
GESTURE, LARGE, LARGE_SHARE, LEAN = (6.0, 4.0, 3.0), 3.0, 0.2, 0.04
LARGEST = (34.0, 26.0, 15.0)


class TalkingHead:
    """Gestures at random; half of the recordings are played on a display."""

    def __init__(self, trial: Trial) -> None:
        self._body, self._rng = trial.victim.head, trial.rng
        self._motion = HeadMotion(IdleLife(int(trial.rng.integers(1 << 31))))
        self._next = 0.0
        self._on_display = bool(trial.rng.random() < 0.5)

    def look(self, at_ms: float, screen: Screen) -> Sight:
        """Return the recording at a moment."""
        at = at_ms / 1000
        if at >= self._next:
            self._motion.move(self._gesture(), at, float(self._rng.uniform(*SECONDS)))
            self._next = at + float(self._rng.uniform(*PAUSE))
        return Sight(self._body, self._motion.pose(at), on_display=self._on_display)

    def _gesture(self) -> HeadPose:
        if self._rng.random() < 0.3:
            return NEUTRAL
        size = LARGE if self._rng.random() < LARGE_SHARE else 1.0
        angles = np.clip(self._rng.normal(0, GESTURE) * size, np.negative(LARGEST), LARGEST)
        yaw, pitch, roll = angles.tolist()
        return HeadPose(yaw, pitch, roll, 1 + float(np.clip(self._rng.normal(0, LEAN * size), -0.3, 0.3)))


def _make(trial: Trial) -> Actor:
    return TalkingHead(trial)


SPECIES = (Species("talking-head", "recorded talking head that ignores the challenge", _make),)
